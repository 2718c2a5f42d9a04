import { toError } from '@skerry/base/assert'
import type { ImageSource } from './os-machine.ts'
import { Refused } from './refused.ts'

/** The bytes of a source; whatever goes wrong with it is `Refused` for the source, not for the disk. */
export async function* readSource(
  source: ImageSource,
  digest: string,
  offset: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const chunks = source.open(digest, offset)[Symbol.asyncIterator]()
  try {
    for (;;) {
      if (signal.aborted) throw stopped()
      const next = await chunks.next().catch((error: unknown) => {
        if (signal.aborted) throw stopped()
        throw new Refused(
          'Source',
          `${source.name} does not give ${digest}: ${toError(error).message}`,
        )
      })
      if (next.done === true) return
      yield next.value
    }
  } finally {
    // A source that cannot be closed has nothing left to say.
    await chunks.return?.().catch(() => undefined)
  }
}

export const stopped = (): Refused => new Refused('Stopped', 'It was stopped, and goes on later.')
