/** An expression that cannot be read or does not fit its types: where, and why. */
export class CompileFault extends Error {
  readonly at: number

  constructor(at: number, message: string) {
    super(message)
    this.at = at
  }
}

/** A value for which an expression has no answer: division by zero, no such key. `||` and `&&` may absorb it. */
export class EvalFault extends Error {}

/** The budget is used up. Nothing absorbs it. */
export class CostFault extends Error {}

/** Counts what evaluation costs, and ends it. */
export type Meter = { spent: number; readonly max: number }

export function charge(meter: Meter, cost: number): void {
  meter.spent += cost
  if (meter.spent > meter.max)
    throw new CostFault('operation cancelled: actual cost limit exceeded')
}

/** Without a trace: nobody reads it, and to make one costs more than all the rest. */
export function fault(message: string): EvalFault {
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  const made = new EvalFault(message)
  Error.stackTraceLimit = limit
  return made
}
