import { readFileSync } from 'node:fs'
import { startTicksOf } from '@skerry/base/process-start'

/** A process that cannot be mistaken for a later one with the same number. */
export type ProcessIdentity = {
  readonly pid: number
  /** Clock ticks from boot to its start. */
  readonly startTicks: string
}

export function identityOf(pid: number): ProcessIdentity | undefined {
  try {
    const startTicks = startTicksOf(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return startTicks === undefined ? undefined : { pid, startTicks }
  } catch {
    return undefined
  }
}

/** Whether that very process still runs. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identityOf(identity.pid)?.startTicks === identity.startTicks
}
