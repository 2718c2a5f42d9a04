/**
 * Time comes in through the door: nothing outside this file reads the system clock or sets a timer,
 * so a test or a simulator can hold the hands of every clock.
 */
export type Clock = {
  /** Wall time, milliseconds since 1970-01-01 UTC. May jump. */
  now(): number
  /** Milliseconds since some fixed moment. Never goes back. */
  monotonicMs(): number
  /** Resolves after `delayMs`; rejects with the signal's reason if it aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** The longest delay that a Node timer keeps; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (delayMs, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortReason(signal))
      const onAbort = () => {
        clearTimeout(timer)
        reject(abortReason(signal!))
      }
      const timer = setTimeout(
        () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
        Math.min(Math.max(0, delayMs), timerMsMax),
      )
      signal?.addEventListener('abort', onAbort, { once: true })
    }),
}

function abortReason(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason))
}

/** Wall time as Kubernetes writes it: RFC 3339 in UTC, whole seconds. */
export function toTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

/** Wall time with microseconds, as Kubernetes' MicroTime. */
export function toMicroTimestamp(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/Z$/, '000Z')
}
