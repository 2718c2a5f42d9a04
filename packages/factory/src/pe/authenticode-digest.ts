import { createHash } from 'node:crypto'
import { type PeImage, filled, readPe } from './pe-image.ts'

export type DigestResult =
  | { readonly ok: true; readonly digest: Buffer }
  | { readonly ok: false; readonly message: string }

/**
 * The SHA-256 that a signature of an EFI program covers: everything but the checksum, the place of the
 * signatures and the signatures. Signed or not, the same program has the same digest.
 */
export function authenticodeDigest(file: Uint8Array): DigestResult {
  const read = readPe(file)
  return read.ok ? { ok: true, digest: digestOfPe(read.image) } : read
}

export function digestOfPe(image: PeImage): Buffer {
  const { bytes, checksumOffset, certificateEntryOffset, headerBytes, certificates } = image
  const hash = createHash('sha256')
  hash.update(bytes.subarray(0, checksumOffset))
  hash.update(bytes.subarray(checksumOffset + 4, certificateEntryOffset))
  hash.update(bytes.subarray(certificateEntryOffset + 8, headerBytes))
  let hashedBytes = headerBytes
  for (const { offset, fileBytes } of filled(image.sections)) {
    hash.update(bytes.subarray(offset, offset + fileBytes))
    hashedBytes += fileBytes
  }
  // As the specification has it: what follows so many bytes, wherever sections have left gaps.
  const end = certificates.bytes === 0 ? bytes.length : certificates.offset
  if (end > hashedBytes) hash.update(bytes.subarray(hashedBytes, end))
  return hash.update(Buffer.alloc(paddingOf(end))).digest()
}

/** Zeros until the next place where signatures may begin. */
export const paddingOf = (length: number): number => (8 - (length % 8)) % 8
