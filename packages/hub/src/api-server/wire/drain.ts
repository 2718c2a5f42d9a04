import type { Writable } from 'node:stream'
import type { Clock } from '@skerry/base/clock'
import { slowReaderMs } from '../limits.ts'

/** Given to what waits no more; made once, for a long list is drained a thousand times. */
const over = new Error('The reader has taken it, or has gone.')

/**
 * Waits, after a write that said it was enough, until a slow reader has taken what it was sent; false if it
 * takes too long, or has gone.
 */
export function isDrained(output: Writable, clock: Clock, signal?: AbortSignal): Promise<boolean> {
  if (output.destroyed || signal?.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const waiting = new AbortController()
    const end = (isTaken: boolean): void => {
      output.off('drain', onDrain)
      output.off('close', onEnd)
      signal?.removeEventListener('abort', onEnd)
      waiting.abort(over)
      resolve(isTaken)
    }
    const onDrain = (): void => end(true)
    const onEnd = (): void => end(false)
    output.on('drain', onDrain)
    output.on('close', onEnd)
    signal?.addEventListener('abort', onEnd)
    clock.sleep(slowReaderMs, waiting.signal).then(onEnd, () => {})
  })
}
