import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'

/** A clock with which a test lets time pass. */
export type AdvancingClock = Clock & {
  /** Every sleep that ends meanwhile ends in order, and what it wakes runs first. */
  advance(ms: number): Promise<void>
}

export type SteppedClock = AdvancingClock & {
  /** Sets the wall clock forward or back, as people and time servers do. Nobody wakes. */
  jump(ms: number): void
}

/** Turns of the microtask queue that a chain of promises gets to come to rest. */
const settleTurns = 200

async function settleMicrotasks(): Promise<void> {
  for (let turn = 0; turn < settleTurns; turn += 1) await Promise.resolve()
}

/**
 * A clock whose hands only a test or a simulator moves. `settle` lets everything that can go on go on; one
 * that waits for real input and output takes more than promises.
 */
export function createSteppedClock(startMs: number, settle = settleMicrotasks): SteppedClock {
  let monotonicMs = 0
  let offsetMs = startMs
  const sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>()
  return {
    now: () => monotonicMs + offsetMs,
    monotonicMs: () => monotonicMs,
    jump: (ms) => void (offsetMs += ms),
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(toError(signal.reason))
        const sleeper = { dueMs: monotonicMs + Math.max(0, delayMs), wake: () => wake() }
        const onAbort = () => {
          sleepers.delete(sleeper)
          reject(toError(signal?.reason))
        }
        const wake = () => {
          sleepers.delete(sleeper)
          signal?.removeEventListener('abort', onAbort)
          resolve()
        }
        sleepers.add(sleeper)
        signal?.addEventListener('abort', onAbort, { once: true })
      }),
    advance: async (ms) => {
      const untilMs = monotonicMs + ms
      await settle()
      for (;;) {
        const [first] = [...sleepers].toSorted((left, right) => left.dueMs - right.dueMs)
        if (first === undefined || first.dueMs > untilMs) break
        monotonicMs = Math.max(monotonicMs, first.dueMs)
        first.wake()
        await settle()
      }
      monotonicMs = untilMs
      await settle()
    },
  }
}
