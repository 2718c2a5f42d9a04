import { readFile, stat } from 'node:fs/promises'
import { commandLineNames } from '@skerry/api/os/os-layout'
import { readUki } from '../uki/read-uki.ts'

/** An image that a machine may boot: what its kernel and its slot must be, byte for byte. */
export type KnownImage = {
  readonly imageId: string
  readonly version: string
  readonly sortKey: string
  readonly kernelFile: string
  readonly kernelBytes: number
  /** Bytes of the file system; the verity superblock follows it. */
  readonly rootBytes: number
  /** File with what a slot must begin with: file system, superblock, tree. */
  readonly slotFile: string
  readonly slotFileBytes: number
}

/** What a kernel says of its image, and what the slot must hold. */
export async function readKnownImage(kernelFile: string, slotFile: string): Promise<KnownImage> {
  const kernel = await readFile(kernelFile)
  const read = readUki(kernel)
  if (!read.ok) throw new Error(`${kernelFile}: ${read.message}`)
  const { parameters, osRelease } = read.uki
  const imageId = parameters.get(commandLineNames.imageId)
  const rootBytes = Number(parameters.get(commandLineNames.rootBytes))
  if (imageId === undefined || !Number.isSafeInteger(rootBytes))
    throw new Error(
      `${kernelFile}: its command line lacks ${commandLineNames.imageId} or ${commandLineNames.rootBytes}; it is no image of ours`,
    )
  return {
    imageId,
    version: osRelease.get('IMAGE_VERSION') ?? '',
    sortKey: osRelease.get('IMAGE_ID') ?? osRelease.get('ID') ?? '',
    kernelFile,
    kernelBytes: kernel.length,
    rootBytes,
    slotFile,
    slotFileBytes: (await stat(slotFile)).size,
  }
}
