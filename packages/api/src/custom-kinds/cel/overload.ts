import { type Meter, fault } from './fault.ts'
import { type Type, fits } from './types.ts'
import { type Value, kindOf } from './values.ts'

/** One way to call a function. */
export type Overload = {
  readonly args: readonly Type[]
  readonly result: Type | ((given: readonly Type[]) => Type)
  /** Whether it stands behind a dot. Absent: it does not. */
  readonly isMember?: boolean
  readonly run: (args: readonly Value[], meter: Meter) => Value
}

export function matching(
  overloads: readonly Overload[],
  given: readonly Type[],
  isMember: boolean,
): Overload[] {
  return overloads.filter(
    (overload) =>
      (overload.isMember ?? false) === isMember &&
      overload.args.length === given.length &&
      overload.args.every((wanted, index) => fits(given[index]!, wanted)),
  )
}

/** What could not be decided before is decided by what the values turn out to be. */
export function callOverload(
  candidates: readonly Overload[],
  args: readonly Value[],
  meter: Meter,
): Value {
  const found = candidates.find((overload) =>
    overload.args.every((wanted, index) => isOf(args[index]!, wanted)),
  )
  if (found === undefined) throw fault('no such overload')
  return found.run(args, meter)
}

function isOf(value: Value, wanted: Type): boolean {
  return wanted.kind === 'dyn' || kindOf(value) === wanted.kind
}
