import { createHash } from 'node:crypto'
import type { OsImageDescription } from '@skerry/api/os/os-image-description'
import { type SignedParts, authenticodeRanges } from '@skerry/artifact/authenticode-ranges'
import { copyName, imagesDirectory } from './known-image.ts'
import { writeBytes } from './limits.ts'
import { type DataPlace, OsDiskError } from './os-host.ts'
import { Refused } from './refused.ts'
import { type UkiWords, readUki } from './uki.ts'

/**
 * Looks into the kernel that was fetched, before anything is removed for it: it starts this image, and its
 * signatures were made for these bytes. A machine without Secure Boot would start whatever it is, and a kernel
 * that was damaged before its image was described can leave the firmware where no watchdog runs yet. Who signed
 * it is for the firmware to judge.
 */
export async function checkKernel(
  place: DataPlace,
  description: OsImageDescription,
): Promise<void> {
  const { imageId, kernel, version } = description
  const path = `${imagesDirectory(place)}/${copyName(imageId)}`
  await using file = await place.files.open(path, 'existing')
  const read = (offset: number, sizeBytes: number) => file.read(offset, sizeBytes)
  const uki = await readUki(read, kernel.sizeBytes)
  const refuse = (what: string) =>
    new Refused(
      'Signature',
      `The kernel of image ${version} is the one that was signed and does not hold: ${what}. Build the image anew.`,
    )
  if (uki === undefined) throw refuse('it is cut off or damaged, or no unified kernel image')
  if (!isForImage(uki, description)) throw refuse('its command line names another root')
  const { certificates, parts } = uki
  if (certificates === undefined) return
  const digest = await signedDigest(read, parts)
  if (!Buffer.from(certificates).includes(digest))
    throw refuse('it was changed after its signature was made')
}

const isForImage = ({ image }: UkiWords, { imageId, rootHash, root }: OsImageDescription) =>
  image?.imageId === imageId && image.rootHash === rootHash && image.rootBytes === root.sizeBytes

/** What its signatures must hold somewhere. */
async function signedDigest(
  read: (offset: number, sizeBytes: number) => Promise<Uint8Array>,
  parts: SignedParts,
): Promise<Buffer> {
  const hash = createHash('sha256')
  const { ranges, zeroBytes } = authenticodeRanges(parts)
  for (const { start, end } of ranges)
    for (let offset = start; offset < end; offset += writeBytes) {
      const bytes = await read(offset, Math.min(writeBytes, end - offset))
      if (bytes.length === 0) throw new OsDiskError('The kernel that was fetched cannot be read.')
      hash.update(bytes)
    }
  return hash.update(Buffer.alloc(zeroBytes)).digest()
}
