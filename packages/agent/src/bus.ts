/** What a bus gives to those who only read. */
export type ReadableBus<T> = {
  get(): T
  /** Grows with each value. */
  readonly version: number
  /** Resolves when there is a value newer than `version`; rejects when the signal aborts. */
  changed(version: number, signal: AbortSignal): Promise<void>
}

/** A bus holds the latest value; whoever is slow misses what lay between, never the last. */
export type Bus<T> = ReadableBus<T> & {
  set(value: T): void
}

export function createBus<T>(first: T): Bus<T> {
  let value = first
  let version = 0
  const waiting = new Set<() => void>()
  return {
    get: () => value,
    get version() {
      return version
    },
    set(next) {
      value = next
      version += 1
      for (const wake of waiting.values().toArray()) wake()
    },
    changed: (seen, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) return reject(new Error('The bus is no longer read'))
        if (seen !== version) return resolve()
        const end = () => {
          waiting.delete(wake)
          signal.removeEventListener('abort', abort)
        }
        const wake = () => {
          end()
          resolve()
        }
        const abort = () => {
          end()
          reject(new Error('The bus is no longer read'))
        }
        waiting.add(wake)
        signal.addEventListener('abort', abort, { once: true })
      }),
  }
}
