import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'

export type SteppedClock = Clock & {
  /** Lets time pass: every sleep that ends meanwhile ends in order, and what it wakes runs first. */
  advance(ms: number): Promise<void>
}

/** Turns of the microtask queue that a chain of promises gets to come to rest. */
const settleTurns = 200

/** A clock whose hands only a test or a simulator moves. */
export function createSteppedClock(startMs: number): SteppedClock {
  let nowMs = startMs
  const sleepers = new Set<{ readonly dueMs: number; readonly wake: () => void }>()
  const settle = async () => {
    for (let turn = 0; turn < settleTurns; turn += 1) await Promise.resolve()
  }
  return {
    now: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(toError(signal.reason))
        const sleeper = { dueMs: nowMs + Math.max(0, delayMs), wake: () => wake() }
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
      const untilMs = nowMs + ms
      await settle()
      for (;;) {
        const [first] = [...sleepers].toSorted((left, right) => left.dueMs - right.dueMs)
        if (first === undefined || first.dueMs > untilMs) break
        nowMs = Math.max(nowMs, first.dueMs)
        first.wake()
        await settle()
      }
      nowMs = untilMs
    },
  }
}
