import { once } from 'node:events'
import type { Writable } from 'node:stream'
import type { Clock } from '@skerry/base/clock'
import { slowReaderMs } from './limits.ts'

/**
 * Waits, after a write that said it was enough, until a slow reader has taken what it was sent; false if it
 * takes too long, or has gone.
 */
export async function isDrained(
  output: Writable,
  clock: Clock,
  signal?: AbortSignal,
): Promise<boolean> {
  if (output.destroyed) return false
  const done = new AbortController()
  const either = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal])
  try {
    return await Promise.race([
      once(output, 'drain', { signal: either }).then(() => true),
      once(output, 'close', { signal: either }).then(() => false),
      clock.sleep(slowReaderMs, either).then(() => false),
    ])
  } catch {
    return false
  } finally {
    done.abort()
  }
}
