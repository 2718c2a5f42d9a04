import type { Clock } from '@skerry/base/clock'

/** What comes of the work if it comes in time, else undefined; the work itself goes on unobserved. */
export async function within<T>(
  clock: Clock,
  limitMs: number,
  work: Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  const ended = new AbortController()
  const late = clock.sleep(limitMs, ended.signal).then(() => undefined)
  late.catch(() => {})
  work.catch(() => {})
  try {
    return await Promise.race([work.then((value) => ({ value })), late])
  } finally {
    ended.abort(new Error('It came in time'))
  }
}
