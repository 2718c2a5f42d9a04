import { type Hash, createHash } from 'node:crypto'
import type { OsImageDescription } from '@skerry/api/os/os-image-description'
import { verityBlockBytes } from '@skerry/api/os/os-layout'
import { buildVeritySuperblock, parseVeritySuperblock } from '@skerry/artifact/verity-superblock'
import {
  type GrowingVerityTree,
  growVerityTree,
  writeVerityTree,
} from '@skerry/artifact/verity-tree'
import { writeBytes } from './limits.ts'
import { type OpenSlot, OsDiskError, type SlotDevice } from './os-host.ts'
import type { ImageSource } from './os-machine.ts'
import { readSource, stopped } from './read-source.ts'
import { Refused } from './refused.ts'

export type RootJob = {
  readonly slot: SlotDevice
  readonly description: OsImageDescription
  readonly source: ImageSource
  readonly signal: AbortSignal
  /** Bytes at the beginning of the slot that were written before. */
  readonly startBytes: number
  readonly progressBytes: number
  readonly dropCaches: () => Promise<void>
  /** These bytes are on the disk. */
  readonly onSynced: (doneBytes: number) => Promise<void>
  readonly onProgress: (doneBytes: number) => void
}

/**
 * Streams a file system into a slot, hashed on the way, its verity tree behind it. What a cut left is read
 * again from the disk. Refused when the bytes are not those that were signed.
 */
export async function writeRoot(job: RootJob): Promise<void> {
  const { slot, description, startBytes } = job
  const { root, version } = description
  await using open = await slot.open()
  const hash = createHash('sha256')
  const tree = growVerityTree(root.sizeBytes, (offset, bytes) => open.write(offset, bytes))
  await job.dropCaches()
  await takeUp(open, { hash, tree }, startBytes, job)
  await streamRoot(open, { hash, tree }, job)
  const digest = `sha256:${hash.digest('hex')}`
  if (digest !== root.digest)
    throw new Refused(
      'Digest',
      `The file system of image ${version} has the digest ${digest}, and ${root.digest} was signed: it was changed on its way.`,
    )
  const rootHash = await tree.finish()
  await open.sync()
  if (rootHash !== description.rootHash)
    throw new Refused(
      'Digest',
      `The verity tree of image ${version} has the root ${rootHash}, and ${description.rootHash} was signed: build it anew.`,
    )
}

type Sums = { readonly hash: Hash; readonly tree: GrowingVerityTree }

async function takeUp(
  open: OpenSlot,
  sums: Sums,
  endBytes: number,
  { signal }: RootJob,
): Promise<void> {
  for (let offset = 0; offset < endBytes; offset += writeBytes) {
    if (signal.aborted) throw stopped()
    const bytes = await open.read(offset, Math.min(writeBytes, endBytes - offset))
    sums.hash.update(bytes)
    await sums.tree.update(bytes)
  }
}

async function streamRoot(open: OpenSlot, sums: Sums, job: RootJob): Promise<void> {
  const { description, source, signal, startBytes, progressBytes } = job
  const { digest, sizeBytes } = description.root
  if (startBytes === sizeBytes) return
  let doneBytes = startBytes
  let syncedBytes = startBytes
  for await (const chunk of readSource(source, digest, startBytes, signal)) {
    if (doneBytes + chunk.length > sizeBytes)
      throw new Refused(
        'Digest',
        `${source.name} gives more than the ${sizeBytes} bytes of ${digest} that were signed.`,
      )
    for (let at = 0; at < chunk.length; at += writeBytes) {
      const piece = chunk.subarray(at, at + writeBytes)
      await open.write(doneBytes, piece)
      sums.hash.update(piece)
      await sums.tree.update(piece)
      doneBytes += piece.length
    }
    job.onProgress(doneBytes)
    if (doneBytes - syncedBytes < progressBytes) continue
    await open.sync()
    syncedBytes = doneBytes
    await job.onSynced(doneBytes)
  }
  if (doneBytes < sizeBytes)
    throw new Refused(
      'Source',
      `${source.name} ended after ${doneBytes} of the ${sizeBytes} bytes of ${digest}: it goes on from there.`,
    )
  await open.sync()
  await job.onSynced(doneBytes)
}

export type VerifiedRoot = {
  readonly root: { readonly sizeBytes: number }
  readonly rootHash: string
}

/** Reads a slot from its disk: whether data and tree are those of this image. */
export async function doesSlotHold(
  slot: SlotDevice,
  { root, rootHash }: VerifiedRoot,
  { signal, dropCaches }: Pick<RootJob, 'signal' | 'dropCaches'>,
): Promise<boolean> {
  await dropCaches()
  await using open = await slot.open()
  let isTreeWhole = true
  const compare = async (offset: number, bytes: Uint8Array): Promise<void> => {
    if (!Buffer.from(bytes).equals(await open.read(offset, bytes.length))) isTreeWhole = false
  }
  const found = await writeVerityTree(
    { read: (offset, sizeBytes) => open.read(offset, sizeBytes), write: compare },
    root.sizeBytes,
    { signal },
  )
  return isTreeWhole && found === rootHash
}

/** The superblocks of these images do not say any more that they are here. */
export async function invalidateSlot(
  slot: SlotDevice,
  rootBytes: readonly number[],
): Promise<void> {
  await using open = await slot.open()
  const nothing = new Uint8Array(verityBlockBytes)
  for (const offset of rootBytes)
    if (offset + verityBlockBytes <= slot.sizeBytes) await open.write(offset, nothing)
  await open.sync()
}

/** The last write of an installation: from here on the initrd finds the image. */
export async function writeSuperblock(
  slot: SlotDevice,
  { imageId, root }: OsImageDescription,
  dropCaches: () => Promise<void>,
): Promise<void> {
  {
    await using open = await slot.open()
    await open.write(root.sizeBytes, buildVeritySuperblock(imageId, root.sizeBytes))
    await open.sync()
  }
  await dropCaches()
  await using open = await slot.open()
  const found = parseVeritySuperblock(await open.read(root.sizeBytes, verityBlockBytes))
  if (found?.imageId !== imageId)
    throw new OsDiskError(`${slot.name} does not give back what was written: replace its disk.`)
}
