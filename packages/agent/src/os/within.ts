import type { Clock } from '@skerry/base/clock'

/**
 * What comes of the work if it comes in time, and before the signal aborts, else undefined; the work itself goes
 * on unobserved.
 */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
  signal?: AbortSignal,
): Promise<{ readonly value: T } | undefined> {
  const ended = new AbortController()
  const late = clock.sleep(limitMs, ended.signal).then(() => undefined)
  const stopped = new Promise<undefined>((resolve) => {
    if (signal?.aborted === true) resolve(undefined)
    else signal?.addEventListener('abort', () => resolve(undefined), { once: true })
  })
  late.catch(() => {})
  work.catch(() => {})
  try {
    return await Promise.race([work.then((value) => ({ value })), late, stopped])
  } finally {
    ended.abort(new Error('It came in time'))
  }
}
