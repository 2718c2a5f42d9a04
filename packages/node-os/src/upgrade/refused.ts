import { toError } from '@skerry/base/assert'
import type { Log } from '@skerry/base/log'
import type { OsActResult, OsRefusal } from './os-machine.ts'
import { OsDiskError } from './os-host.ts'

/** An act does not go on: thrown deep inside, and a value for whoever asked for it. */
export class Refused extends Error {
  readonly reason: OsRefusal

  constructor(reason: OsRefusal, message: string) {
    super(message)
    this.name = 'Refused'
    this.reason = reason
  }
}

/** What became of an act. Bugs are thrown on. */
export async function resultOf(
  work: () => Promise<unknown>,
  log: Log,
  signal?: AbortSignal,
): Promise<OsActResult> {
  try {
    await work()
    return { ok: true }
  } catch (error) {
    const refusal = toRefusal(error, signal)
    if (refusal === undefined) throw toError(error)
    log.warn('An act of the operating system was refused', {
      reason: refusal.reason,
      error: refusal.message,
    })
    return { ok: false, reason: refusal.reason, message: refusal.message }
  }
}

function toRefusal(error: unknown, signal: AbortSignal | undefined): Refused | undefined {
  if (error instanceof Refused) return error
  if (signal?.aborted === true) return new Refused('Stopped', 'It was stopped, and goes on later.')
  if (error instanceof OsDiskError)
    return new Refused(error.isFull ? 'Space' : 'Disk', error.message)
  return undefined
}
