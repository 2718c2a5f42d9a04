import { frameBytesMax } from './device-limits.ts'
import { LinkError } from './device-link.ts'

const lengthBytes = 4

/** The documents of a stream of frames: each a length (4 bytes, big-endian) and that many bytes. */
export async function* readFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let heldBytes = 0
  let wantedBytes = lengthBytes
  let isLength = true
  for await (const chunk of chunks) {
    held.push(Buffer.from(chunk))
    heldBytes += chunk.length
    while (heldBytes >= wantedBytes) {
      const bytes = Buffer.concat(held)
      const taken = bytes.subarray(0, wantedBytes)
      held = [bytes.subarray(wantedBytes)]
      heldBytes -= wantedBytes
      if (!isLength) yield taken
      wantedBytes = isLength ? checkedLength(taken.readUInt32BE(0)) : lengthBytes
      isLength = !isLength
    }
  }
}

function checkedLength(length: number): number {
  if (length <= frameBytesMax) return length
  throw new LinkError(
    'Refused',
    `The hub announced a document of ${length} bytes where at most ${frameBytesMax} are taken.`,
  )
}
