import { fault } from './fault.ts'
import type { Library } from './functions.ts'
import type { Overload } from './overload.ts'
import { bool, double, int, quantity, string } from './types.ts'
import type { Type } from './types.ts'
import { Opaque, type Value } from './values.ts'

/** A decimal of any length: `digits` times ten to the power of minus nine. */
type Amount = bigint

const nano = 1_000_000_000n
const scales: Readonly<Record<string, bigint>> = {
  n: 1n,
  u: 1_000n,
  m: 1_000_000n,
  '': nano,
  k: nano * 1_000n,
  M: nano * 1_000_000n,
  G: nano * 10n ** 9n,
  T: nano * 10n ** 12n,
  P: nano * 10n ** 15n,
  E: nano * 10n ** 18n,
  Ki: nano << 10n,
  Mi: nano << 20n,
  Gi: nano << 30n,
  Ti: nano << 40n,
  Pi: nano << 50n,
  Ei: nano << 60n,
}
const pattern =
  /^([+-]?)(\d{1,40}(?:\.\d{0,40})?|\.\d{1,40})(?:([eE])([-+]?\d{1,2})|(n|u|m|k|[KMGTPE]i|[MGTPE])?)$/

function parseQuantity(text: string): Amount | undefined {
  const found = pattern.exec(text)
  if (found === null) return undefined
  const [, sign, digits = '', isPower, power, suffix = ''] = found
  const [whole = '', fraction = ''] = digits.split('.')
  const scale =
    isPower === undefined ? scales[suffix]! : nano * 10n ** BigInt(Math.max(0, Number(power)))
  const shrink = isPower !== undefined && Number(power) < 0 ? 10n ** BigInt(-Number(power)) : 1n
  const amount =
    (BigInt(`${whole}${fraction}` || '0') * scale) / 10n ** BigInt(fraction.length) / shrink
  return sign === '-' ? -amount : amount
}

function made(amount: Amount): Opaque<Amount> {
  return new Opaque('quantity', String(amount), amount)
}

const amountOf = (value: Value | undefined): Amount => (value as Opaque<Amount>).inner

const onQuantity = (
  args: readonly Type[],
  result: Type,
  run: (amount: Amount, args: readonly Value[]) => Value,
): Overload => ({
  args: [quantity, ...args],
  result,
  isMember: true,
  run: ([value, ...rest]) => run(amountOf(value), rest),
})

const sum = (sign: bigint): Overload[] => [
  onQuantity([quantity], quantity, (left, [right]) => made(left + sign * amountOf(right))),
  onQuantity([int], quantity, (left, [right]) => made(left + sign * (right as bigint) * nano)),
]

const isWhole = (amount: Amount): boolean =>
  amount % nano === 0n && BigInt.asIntN(64, amount / nano) === amount / nano

export const quantityFunctions: Library = {
  quantity: [
    {
      args: [string],
      result: quantity,
      run: ([text]) => {
        const amount = parseQuantity(text as string)
        if (amount === undefined)
          throw fault(
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
          )
        return made(amount)
      },
    },
  ],
  isQuantity: [
    { args: [string], result: bool, run: ([text]) => parseQuantity(text as string) !== undefined },
  ],
  isGreaterThan: [onQuantity([quantity], bool, (left, [right]) => left > amountOf(right))],
  isLessThan: [onQuantity([quantity], bool, (left, [right]) => left < amountOf(right))],
  compareTo: [
    onQuantity([quantity], int, (left, [right]) => {
      const other = amountOf(right)
      return left < other ? -1n : left > other ? 1n : 0n
    }),
  ],
  add: sum(1n),
  sub: sum(-1n),
  sign: [onQuantity([], int, (amount) => (amount < 0n ? -1n : amount > 0n ? 1n : 0n))],
  isInteger: [onQuantity([], bool, isWhole)],
  asInteger: [
    onQuantity([], int, (amount) => {
      if (!isWhole(amount)) throw fault('cannot convert value to integer')
      return amount / nano
    }),
  ],
  asApproximateFloat: [onQuantity([], double, (amount) => Number(amount) / 1e9)],
}
