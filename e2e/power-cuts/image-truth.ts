import { copyFile, open } from 'node:fs/promises'
import { join } from 'node:path'
import { buildVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { verityLayout, writeVerityTree } from '@skerry/artifact/verity-tree'
import { type KnownImage, readKnownImage } from '@skerry/factory/lab/known-image'
import { readArtifact } from '@skerry/factory/publish/read-artifact'
import type { TestImage } from '../boot/build-test-images.ts'

/** What an image must be on a disk, made from what the factory built and not from what a machine wrote. */
export async function imageTruth(image: TestImage, directory: string): Promise<KnownImage> {
  const { description, blobs } = await readArtifact(image.directory)
  const fileOf = (digest: string) => {
    const blob = blobs.find((each) => each.digest === digest)
    if (blob === undefined) throw new Error(`${image.directory} holds no ${digest}`)
    return blob.file
  }
  const [kernel, slot] = ['efi', 'slot'].map((end) => join(directory, `${image.name}.${end}`))
  await copyFile(fileOf(description.kernel.digest), kernel!)
  await copyFile(fileOf(description.root.digest), slot!)
  const { sizeBytes } = description.root
  await using file = await open(slot!, 'r+')
  const superblock = buildVeritySuperblock(description.imageId, sizeBytes)
  await file.write(superblock, 0, superblock.length, verityLayout(sizeBytes).superblockOffset)
  await writeVerityTree(
    {
      read: async (offset, wanted) =>
        (await file.read(Buffer.alloc(wanted), 0, wanted, offset)).buffer,
      write: async (offset, bytes) => {
        await file.write(bytes, 0, bytes.length, offset)
      },
    },
    sizeBytes,
  )
  return await readKnownImage(kernel!, slot!)
}
