import { createHash } from 'node:crypto'
import { authenticodeRanges } from '@skerry/artifact/authenticode-ranges'
import { type PeImage, readPe } from './pe-image.ts'

export type DigestResult =
  | { readonly ok: true; readonly digest: Buffer }
  | { readonly ok: false; readonly message: string }

/** The SHA-256 that a signature of an EFI program covers. Signed or not, the same program has the same digest. */
export function authenticodeDigest(file: Uint8Array): DigestResult {
  const read = readPe(file)
  return read.ok ? { ok: true, digest: digestOfPe(read.image) } : read
}

export function digestOfPe(image: PeImage): Buffer {
  const { bytes, certificates } = image
  const { ranges, zeroBytes } = authenticodeRanges({
    ...image,
    fileBytes: bytes.length,
    certificatesOffset: certificates.bytes === 0 ? undefined : certificates.offset,
  })
  const hash = createHash('sha256')
  for (const { start, end } of ranges) hash.update(bytes.subarray(start, end))
  return hash.update(Buffer.alloc(zeroBytes)).digest()
}
