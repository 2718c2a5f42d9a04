import type { Clock } from '@skerry/base/clock'
import { queuedKeysMax } from './limits.ts'

/**
 * Keys to look at. A key waits once however often it is added, and is handed to one worker at a
 * time: what comes while it is being looked at makes it wait once more.
 */
export class WorkQueue {
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #waiting = new Set<string>()
  readonly #busy = new Set<string>()
  readonly #again = new Set<string>()
  /** When the earliest timer of a key fires; later ones need no timer of their own. */
  readonly #due = new Map<string, number>()
  readonly #takers: ((key: string | undefined) => void)[] = []

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock
    this.#signal = signal
    const end = () => {
      for (const take of this.#takers.splice(0)) take(undefined)
    }
    signal.addEventListener('abort', end, { once: true })
  }

  add(key: string): void {
    if (this.#busy.has(key)) {
      this.#again.add(key)
      return
    }
    if (this.#waiting.has(key)) return
    const take = this.#takers.shift()
    if (take !== undefined) {
      this.#busy.add(key)
      take(key)
      return
    }
    if (this.#waiting.size >= queuedKeysMax)
      throw new Error(`More than ${queuedKeysMax} keys wait: one controller cannot keep up.`)
    this.#waiting.add(key)
  }

  addAfter(key: string, delayMs: number): void {
    const dueMs = this.#clock.monotonicMs() + delayMs
    const earliest = this.#due.get(key)
    if (earliest !== undefined && earliest <= dueMs) return
    this.#due.set(key, dueMs)
    this.#clock.sleep(delayMs, this.#signal).then(
      () => {
        if (this.#due.get(key) === dueMs) this.#due.delete(key)
        this.add(key)
      },
      () => {},
    )
  }

  /** The next key, or undefined when the signal aborts. Call `done` with it afterwards. */
  async next(): Promise<string | undefined> {
    if (this.#signal.aborted) return undefined
    for (const key of this.#waiting) {
      this.#waiting.delete(key)
      this.#busy.add(key)
      return key
    }
    return new Promise((resolve) => this.#takers.push(resolve))
  }

  done(key: string): void {
    this.#busy.delete(key)
    if (this.#again.delete(key)) this.add(key)
  }
}
