import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Life } from './life.ts'
import type { Timeline } from './timeline.ts'

/** The clock of a machine, which may be wrong; it stays wrong over restarts. */
export type WallClock = {
  /** How far it is ahead of the world's time. */
  offsetMs: number
}

export type ClockOptions = {
  readonly timeline: Timeline
  /** What the world's time is called when it begins. */
  readonly startMs: number
  readonly wall: WallClock
  readonly life: Life
}

/** The clock as one process sees it. Its sleeps end with it. */
export function createProcessClock({ timeline, startMs, wall, life }: ClockOptions): Clock {
  const bornMs = timeline.elapsedMs
  return {
    now: () => Math.floor(startMs + timeline.elapsedMs + wall.offsetMs),
    monotonicMs: () => timeline.elapsedMs - bornMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(toError(signal.reason))
        const event = timeline.after(delayMs, () => {
          signal?.removeEventListener('abort', onAbort)
          if (!life.isOver) resolve()
        })
        const onAbort = () => {
          event.run = undefined
          if (!life.isOver) reject(toError(signal?.reason))
        }
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
  }
}
