import { createHash } from 'node:crypto'
import type { Digest } from '@skerry/base/digest'

/** The name of some bytes. */
export function digestOf(bytes: Uint8Array | string): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The name of what a stream brings, and how much it was. */
export async function digestOfStream(
  stream: AsyncIterable<Uint8Array>,
): Promise<{ digest: Digest; sizeBytes: number }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of stream) {
    hash.update(chunk)
    sizeBytes += chunk.length
  }
  return { digest: `sha256:${hash.digest('hex')}`, sizeBytes }
}
