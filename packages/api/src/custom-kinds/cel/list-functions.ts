import { type Meter, charge, fault } from './fault.ts'
import type { Library } from './functions.ts'
import { compareValues } from './operators.ts'
import type { Overload } from './overload.ts'
import * as types from './types.ts'
import type { Type } from './types.ts'
import { Span, Uint, type Value, equalValues, isNumber, numberOf } from './values.ts'

const { bool, int, string, dyn } = types
const list = types.listOf(dyn)

const itemType = ([type]: readonly Type[]): Type => (type?.kind === 'list' ? type.of : dyn)

const onList = (
  args: readonly Type[],
  result: Overload['result'],
  run: (items: readonly Value[], args: readonly Value[], meter: Meter) => Value,
): Overload => ({
  args: [list, ...args],
  result,
  isMember: true,
  run: ([items, ...rest], meter) => {
    charge(meter, 1 + (items as Value[]).length)
    return run(items as Value[], rest, meter)
  },
})

function orderOf(left: Value, right: Value, meter: Meter): number {
  const order = compareValues(left, right, meter)
  if (order === undefined) throw fault('no such overload')
  return order
}

const extreme =
  (sign: 1 | -1) =>
  (items: readonly Value[], _: readonly Value[], meter: Meter): Value => {
    if (items.length === 0) throw fault(`${sign < 0 ? 'min' : 'max'} called on empty list`)
    return items.reduce((best, item) => (orderOf(item, best, meter) * sign > 0 ? item : best))
  }

function sum(items: readonly Value[]): Value {
  const [first] = items
  if (first === undefined) return 0n
  if (first instanceof Span)
    return new Span(items.reduce<bigint>((total, item) => total + (item as Span).ns, 0n))
  if (!items.every((item) => isNumber(item))) throw fault('no such overload')
  if (typeof first === 'number')
    return items.reduce<number>((total, item) => total + Number(numberOf(item as number)), 0)
  const total = items.reduce<bigint>((all, item) => all + BigInt(numberOf(item as bigint)), 0n)
  return first instanceof Uint ? new Uint(total) : total
}

const has = (items: readonly Value[], wanted: Value, meter: Meter): boolean =>
  items.some((item) => equalValues(item, wanted, meter))

const onSets = (
  run: (left: readonly Value[], right: readonly Value[], meter: Meter) => boolean,
): Overload[] => [
  {
    args: [list, list],
    result: bool,
    run: ([left, right], meter) => run(left as Value[], right as Value[], meter),
  },
]

const extremeOf = (sign: 1 | -1): Overload[] => [
  onListOrMany([list], itemType, sign),
  ...[2, 3, 4].map((count) =>
    onListOrMany(
      Array.from({ length: count }, () => dyn),
      ([type]) => type!,
      sign,
    ),
  ),
]

function onListOrMany(args: readonly Type[], result: Overload['result'], sign: 1 | -1): Overload {
  return {
    args,
    result,
    run: (given, meter) => {
      const items = given.length === 1 ? (given[0] as Value[]) : given
      charge(meter, items.length)
      return extreme(sign)(items, [], meter)
    },
  }
}

export const listFunctions: Library = {
  isSorted: [
    onList([], bool, (items, _, meter) =>
      items.every((item, index) => index === 0 || orderOf(items[index - 1]!, item, meter) <= 0),
    ),
  ],
  sum: [onList([], itemType, sum)],
  min: [onList([], itemType, extreme(-1))],
  max: [onList([], itemType, extreme(1))],
  indexOf: [
    onList([dyn], int, (items, [wanted], meter) =>
      BigInt(items.findIndex((item) => equalValues(item, wanted!, meter))),
    ),
  ],
  lastIndexOf: [
    onList([dyn], int, (items, [wanted], meter) =>
      BigInt(items.findLastIndex((item) => equalValues(item, wanted!, meter))),
    ),
  ],
  join: [
    onList([], string, (items) => joined(items, '')),
    onList([string], string, (items, [mark]) => joined(items, mark as string)),
  ],
  slice: [
    onList(
      [int, int],
      ([type]) => type!,
      (items, [from, to]) => items.slice(Number(from), Number(to)),
    ),
  ],
  reverse: [
    onList(
      [],
      ([type]) => type!,
      (items) => items.toReversed(),
    ),
  ],
  distinct: [
    onList(
      [],
      ([type]) => type!,
      (items, _, meter) => items.filter((item, index) => !has(items.slice(0, index), item, meter)),
    ),
  ],
  flatten: [
    onList([], list, (items) =>
      items.flatMap((item) => (Array.isArray(item) ? (item as Value[]) : [item])),
    ),
  ],
  'sets.contains': onSets((left, right, meter) => right.every((item) => has(left, item, meter))),
  'sets.intersects': onSets((left, right, meter) => right.some((item) => has(left, item, meter))),
  'sets.equivalent': onSets(
    (left, right, meter) =>
      left.every((item) => has(right, item, meter)) &&
      right.every((item) => has(left, item, meter)),
  ),
  'math.greatest': extremeOf(1),
  'math.least': extremeOf(-1),
}

function joined(items: readonly Value[], mark: string): string {
  if (!items.every((item) => typeof item === 'string')) throw fault('no such overload')
  return items.join(mark)
}
