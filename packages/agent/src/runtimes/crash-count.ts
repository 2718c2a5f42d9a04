import { type BackoffOptions, backoffMs } from '@skerry/base/backoff'
import type { Random } from '@skerry/base/random'
import { stableMs } from '../limits.ts'

/** How often content ended without being asked. */
export type CrashCount = {
  /** In all, since this content was first started. */
  readonly restarts: number
  /** In a row, without having run for a while in between. */
  readonly crashes: number
  /** Not started again before this moment of the monotonic clock. */
  readonly retryAtMs: number
}

export const noCrashes: CrashCount = { restarts: 0, crashes: 0, retryAtMs: 0 }

/** The count after an end that nobody asked for; `aliveMs` is how long it had worked. */
export function afterCrash(
  before: CrashCount,
  end: { readonly aliveMs: number; readonly nowMs: number },
  backoff: BackoffOptions,
  random: Random,
): CrashCount {
  const crashes = end.aliveMs >= stableMs ? 1 : before.crashes + 1
  const retryAtMs = end.nowMs + backoffMs(crashes - 1, backoff, random)
  return { restarts: before.restarts, crashes, retryAtMs }
}
