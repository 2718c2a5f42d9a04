import { type Meter, charge, fault } from './fault.ts'
import type { Library } from './functions.ts'
import type { Overload } from './overload.ts'
import * as types from './types.ts'
import { type Type, fits } from './types.ts'
import {
  Opaque,
  Optional,
  Span,
  Time,
  Uint,
  type Value,
  equalValues,
  isNumber,
  kindOf,
  numberOf,
  parseSpan,
  parseTime,
  sizeOf,
} from './values.ts'

const { bool, int, uint, double, string, bytes, dyn, timestamp, duration } = types

const on = (args: readonly Type[], result: Overload['result'], run: Overload['run']): Overload => ({
  args,
  result,
  run,
})

export const textCost = (length: number): number => Math.ceil(length / 10)

function wide(value: bigint): bigint {
  if (BigInt.asIntN(64, value) !== value) throw fault('integer overflow')
  return value
}

function wideUint(value: bigint): Uint {
  if (BigInt.asUintN(64, value) !== value) throw fault('unsigned integer overflow')
  return new Uint(value)
}

type Whole = (left: bigint, right: bigint) => bigint

const notZero =
  (what: string, run: Whole): Whole =>
  (left, right) => {
    if (right === 0n) throw fault(what)
    return run(left, right)
  }

/** An operator on two numbers of one sort. */
function arithmetic(whole: Whole, real?: (left: number, right: number) => number): Overload[] {
  return [
    on([int, int], int, ([left, right]) => wide(whole(left as bigint, right as bigint))),
    on([uint, uint], uint, ([left, right]) =>
      wideUint(whole((left as Uint).value, (right as Uint).value)),
    ),
    ...(real === undefined
      ? []
      : [on([double, double], double, ([left, right]) => real(left as number, right as number))]),
  ]
}

/** Less than zero, zero or more; undefined if the two have no order. */
export function compareValues(left: Value, right: Value, meter: Meter): number | undefined {
  if (typeof left === 'string' && typeof right === 'string') {
    charge(meter, textCost(Math.min(left.length, right.length)))
    return left < right ? -1 : left === right ? 0 : 1
  }
  if (isNumber(left) && isNumber(right)) return order(numberOf(left), numberOf(right))
  if (left instanceof Time && right instanceof Time) return order(left.ns, right.ns)
  if (left instanceof Span && right instanceof Span) return order(left.ns, right.ns)
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right)
  return undefined
}

const order = <T extends bigint | number>(left: T, right: T): number =>
  left < right ? -1 : left > right ? 1 : 0

const ordered: readonly (readonly [Type, Type])[] = [
  ...[bool, int, uint, double, string, timestamp, duration].map((type) => [type, type] as const),
  ...[int, uint, double].flatMap((left) =>
    [int, uint, double].filter((right) => right !== left).map((right) => [left, right] as const),
  ),
]

function comparison(holds: (order: number) => boolean): Overload[] {
  return ordered.map((pair) =>
    on(pair, bool, ([left, right], meter) => {
      const found = compareValues(left!, right!, meter)
      if (found === undefined) throw fault('no such overload')
      return holds(found)
    }),
  )
}

/** Kinds that may be asked for equality with themselves, with what may be anything, and with null. */
const equality = (isEqual: boolean): Overload[] => [
  ...[bool, int, uint, double, string, bytes, timestamp, duration].map((type) =>
    on([type, type], bool, ([left, right], meter) => equalTo(left!, right!, meter) === isEqual),
  ),
  ...[types.listOf(dyn), types.mapOf(dyn, dyn), types.optionalOf(dyn), types.quantity, types.ip]
    .concat([types.cidr, types.url, types.nullType])
    .map((type) =>
      on([type, type], bool, ([left, right], meter) => equalTo(left!, right!, meter) === isEqual),
    ),
  {
    // Objects of one schema, and whatever is only known later.
    args: [dyn, dyn],
    result: bool,
    run: ([left, right], meter) => equalTo(left!, right!, meter) === isEqual,
  },
]

function equalTo(left: Value, right: Value, meter: Meter): boolean {
  if (typeof left === 'string' && typeof right === 'string')
    charge(meter, textCost(Math.min(left.length, right.length)))
  return equalValues(left, right, meter)
}

/** Whether two types may be asked for equality: what can never be equal is a mistake. */
export function mayBeEqual(left: Type, right: Type): boolean {
  return left.kind === 'null' || right.kind === 'null' || fits(left, right)
}

const elementOf = (given: readonly Type[]): Type => given.find(({ kind }) => kind === 'list') ?? dyn

export const operators: Library = {
  '!_': [on([bool], bool, ([value]) => value !== true)],
  '-_': [
    on([int], int, ([value]) => wide(-(value as bigint))),
    on([double], double, ([value]) => -(value as number)),
  ],
  '_+_': [
    ...arithmetic(
      (left, right) => left + right,
      (left, right) => left + right,
    ),
    on([string, string], string, ([left, right], meter) => {
      charge(meter, textCost((left as string).length + (right as string).length))
      return (left as string) + (right as string)
    }),
    on([types.listOf(dyn), types.listOf(dyn)], elementOf, ([left, right], meter) => {
      const [first, second] = [left as Value[], right as Value[]]
      charge(meter, first.length + second.length)
      return [...first, ...second]
    }),
    on([timestamp, duration], timestamp, ([at, by]) => new Time((at as Time).ns + (by as Span).ns)),
    on([duration, timestamp], timestamp, ([by, at]) => new Time((at as Time).ns + (by as Span).ns)),
    on([duration, duration], duration, ([a, b]) => new Span((a as Span).ns + (b as Span).ns)),
  ],
  '_-_': [
    ...arithmetic(
      (left, right) => left - right,
      (left, right) => left - right,
    ),
    on([timestamp, timestamp], duration, ([a, b]) => new Span((a as Time).ns - (b as Time).ns)),
    on([timestamp, duration], timestamp, ([at, by]) => new Time((at as Time).ns - (by as Span).ns)),
    on([duration, duration], duration, ([a, b]) => new Span((a as Span).ns - (b as Span).ns)),
  ],
  '_*_': arithmetic(
    (left, right) => left * right,
    (left, right) => left * right,
  ),
  '_/_': arithmetic(
    notZero('division by zero', (left, right) => left / right),
    (left, right) => left / right,
  ),
  '_%_': arithmetic(notZero('modulus by zero', (left, right) => left % right)),
  '_<_': comparison((found) => found < 0),
  '_<=_': comparison((found) => found <= 0),
  '_>_': comparison((found) => found > 0),
  '_>=_': comparison((found) => found >= 0),
  '_==_': equality(true),
  '_!=_': equality(false),
  '@in': [
    on([dyn, types.listOf(dyn)], bool, ([item, list], meter) =>
      (list as Value[]).some((each) => equalTo(each, item!, meter)),
    ),
    on([dyn, types.mapOf(dyn, dyn)], bool, ([key, map]) =>
      (map as ReadonlyMap<Value, Value>).has(key!),
    ),
  ],
  size: [false, true].flatMap(
    (isMember) =>
      [
        {
          args: [string],
          result: int,
          isMember,
          run: ([text], meter) => {
            charge(meter, textCost((text as string).length))
            return BigInt(sizeOf(text as string))
          },
        },
        {
          args: [bytes],
          result: int,
          isMember,
          run: ([value]) => BigInt((value as Uint8Array).length),
        },
        {
          args: [types.listOf(dyn)],
          result: int,
          isMember,
          run: ([list]) => BigInt((list as Value[]).length),
        },
        {
          args: [types.mapOf(dyn, dyn)],
          result: int,
          isMember,
          run: ([map]) => BigInt((map as ReadonlyMap<Value, Value>).size),
        },
      ] satisfies Overload[],
  ),
  string: [on([dyn], string, ([value]) => textOf(value!))],
  int: [
    on([dyn], int, ([value]) => {
      if (typeof value === 'bigint') return value
      if (value instanceof Uint) return wide(value.value)
      if (value instanceof Time) return value.ns / 1_000_000_000n
      if (typeof value === 'number' && Number.isFinite(value))
        return wide(BigInt(Math.trunc(value)))
      if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return wide(BigInt(value))
      throw unconvertible(value!, 'int')
    }),
  ],
  uint: [
    on([dyn], uint, ([value]) => {
      if (value instanceof Uint) return value
      if (typeof value === 'bigint') return wideUint(value)
      if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return wideUint(BigInt(value))
      throw unconvertible(value!, 'uint')
    }),
  ],
  double: [
    on([dyn], double, ([value]) => {
      if (isNumber(value!)) return Number(numberOf(value))
      if (typeof value === 'string' && value.trim() !== '' && !Number.isNaN(Number(value)))
        return Number(value)
      throw unconvertible(value!, 'double')
    }),
  ],
  bool: [
    on([dyn], bool, ([value]) => {
      if (typeof value === 'boolean') return value
      if (value === 'true' || value === 'false') return value === 'true'
      throw unconvertible(value!, 'bool')
    }),
  ],
  bytes: [on([string], bytes, ([text]) => new TextEncoder().encode(text as string))],
  dyn: [on([dyn], dyn, ([value]) => value!)],
  timestamp: [
    on([string], timestamp, ([text]) => parseTime(text as string)),
    on([timestamp], timestamp, ([time]) => time!),
  ],
  duration: [
    on([string], duration, ([text]) => parseSpan(text as string)),
    on([duration], duration, ([span]) => span!),
  ],
  'optional.of': [
    on(
      [dyn],
      ([type]) => types.optionalOf(type!),
      ([value]) => new Optional(value),
    ),
  ],
  'optional.none': [on([], types.optionalOf(dyn), () => new Optional(undefined))],
  hasValue: [
    {
      args: [types.optionalOf(dyn)],
      result: bool,
      isMember: true,
      run: ([value]) => (value as Optional).value !== undefined,
    },
  ],
  value: [
    {
      args: [types.optionalOf(dyn)],
      result: ([type]) => (type?.kind === 'optional' ? type.of : dyn),
      isMember: true,
      run: ([value]) => {
        const { value: inner } = value as Optional
        if (inner === undefined) throw fault('optional.none() dereference')
        return inner
      },
    },
  ],
  orValue: [
    {
      args: [types.optionalOf(dyn), dyn],
      result: ([type, other]) =>
        type?.kind === 'optional' && type.of.kind !== 'dyn' ? type.of : other!,
      isMember: true,
      run: ([value, other]) => (value as Optional).value ?? other!,
    },
  ],
  or: [
    {
      args: [types.optionalOf(dyn), types.optionalOf(dyn)],
      result: ([type]) => type!,
      isMember: true,
      run: ([value, other]) => ((value as Optional).value === undefined ? other! : value!),
    },
  ],
}

function unconvertible(value: Value, wanted: string): Error {
  const quoted = [kindOf(value), wanted].map((kind) => `'${kind}'`)
  return fault(`type conversion error from ${quoted.join(' to ')}`)
}

export function textOf(value: Value): string {
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  if (isNumber(value)) return String(numberOf(value))
  if (value instanceof Uint8Array) return new TextDecoder().decode(value)
  if (value instanceof Time)
    return new Date(Number(value.ns / 1_000_000n)).toISOString().replace('.000Z', 'Z')
  if (value instanceof Span) return `${Number(value.ns) / 1e9}s`
  if (value instanceof Opaque) return value.text
  throw unconvertible(value, 'string')
}
