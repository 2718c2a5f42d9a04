import { faultCost } from './limits.ts'

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

let last = new EvalFault('')

/** Without a trace, and the same one again: nobody reads it, and to make one costs more than all the rest. */
export function fault(message: string): EvalFault {
  if (last.message === message) return last
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 0
  last = new EvalFault(message)
  Error.stackTraceLimit = limit
  return last
}

/** What was caught is paid for; the end of the budget goes on up. */
export function caught(thrown: unknown, meter: Meter): EvalFault {
  if (!(thrown instanceof EvalFault)) throw thrown
  charge(meter, faultCost)
  return thrown
}
