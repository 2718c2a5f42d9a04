import { createHash } from 'node:crypto'
import { type Disk, DiskError, type DiskFile } from '../host.ts'
import { diskReserveBytes, fetchSyncBytes } from '../limits.ts'

/** Files named by their digest; a part of one resumes where it stopped. */
export type BlobStore = {
  complete(): string[]
  partials(): string[]
  pathOf(digest: string): string
  /** Takes bytes from `open(offset)` on. Rejects as the source or the disk does. */
  receive(blob: BlobSource): Promise<ReceiveResult>
  /** Whether the file still is what its name says; a file that is not is removed. Read once a run. */
  verify(digest: string): Promise<boolean>
  remove(digest: string): Promise<void>
}

export type BlobSource = {
  readonly digest: string
  readonly sizeBytes: number
  open(offset: number): AsyncIterable<Uint8Array>
  onProgress(receivedBytes: number): void
}

export type ReceiveResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'Incomplete' | 'WrongContent'; readonly message: string }

const readBytes = 1024 * 1024

export async function openBlobStore(disk: Disk, data: string): Promise<BlobStore> {
  const blobs = `${data}/blobs`
  const parts = `${data}/partial`
  const complete = new Set(await digestsIn(disk, blobs))
  const partial = new Set(await digestsIn(disk, parts))
  const verified = new Set<string>()
  const pathOf = (digest: string) => `${blobs}/${hexOf(digest)}`
  const partOf = (digest: string) => `${parts}/${hexOf(digest)}`

  const discardPart = async (digest: string): Promise<void> => {
    await disk.remove(partOf(digest))
    partial.delete(digest)
  }

  const finish = async (digest: string): Promise<void> => {
    await disk.rename(partOf(digest), pathOf(digest))
    await disk.syncDirectory(blobs)
    partial.delete(digest)
    complete.add(digest)
    verified.add(digest)
  }

  const receive = async (source: BlobSource): Promise<ReceiveResult> => {
    const { digest, sizeBytes } = source
    if (complete.has(digest)) return { ok: true }
    if (((await disk.size(partOf(digest))) ?? 0) > sizeBytes) await discardPart(digest)
    const heldBytes = await disk.size(partOf(digest))
    await assertRoom(disk, data, sizeBytes - (heldBytes ?? 0))
    {
      const how = heldBytes === undefined ? 'create' : 'existing'
      await using file = await disk.open(partOf(digest), how)
      if (heldBytes === undefined) await disk.syncDirectory(parts)
      partial.add(digest)
      const result = await fill(file, source, heldBytes ?? 0)
      if (result.receivedBytes < sizeBytes)
        return {
          ok: false,
          reason: 'Incomplete',
          message: `only ${result.receivedBytes} of ${sizeBytes} bytes came`,
        }
      if (result.digest === digest) {
        await file.sync()
        await finish(digest)
        return { ok: true }
      }
    }
    await discardPart(digest)
    return {
      ok: false,
      reason: 'WrongContent',
      message: `what came is not ${digest}: it is fetched again from the beginning`,
    }
  }

  const verify = async (digest: string): Promise<boolean> => {
    if (verified.has(digest)) return true
    const isSame = await hasDigest(disk, pathOf(digest), digest)
    if (isSame) verified.add(digest)
    else {
      await disk.remove(pathOf(digest))
      complete.delete(digest)
    }
    return isSame
  }

  return {
    complete: () => [...complete],
    partials: () => [...partial],
    pathOf,
    receive,
    verify,
    remove: async (digest) => {
      await disk.remove(pathOf(digest))
      await discardPart(digest)
      complete.delete(digest)
      verified.delete(digest)
    },
  }
}

/** Appends what the source gives to what is there, and digests both. */
async function fill(
  file: DiskFile,
  source: BlobSource,
  heldBytes: number,
): Promise<{ readonly receivedBytes: number; readonly digest: string }> {
  const hash = createHash('sha256')
  for (let at = 0; at < heldBytes;) {
    const bytes = await file.pread(Math.min(readBytes, heldBytes - at), at)
    if (bytes.length === 0) throw new DiskError('Broken', 'a partial file became shorter')
    hash.update(bytes)
    at += bytes.length
  }
  let offset = heldBytes
  let syncedBytes = heldBytes
  if (offset < source.sizeBytes)
    for await (const bytes of source.open(offset)) {
      const room = source.sizeBytes - offset
      const taken = bytes.length > room ? bytes.subarray(0, room) : bytes
      await file.pwrite(taken, offset)
      hash.update(taken)
      offset += taken.length
      source.onProgress(offset)
      if (offset - syncedBytes >= fetchSyncBytes) {
        await file.sync()
        syncedBytes = offset
      }
      if (bytes.length > room) break
    }
  return { receivedBytes: offset, digest: `sha256:${hash.digest('hex')}` }
}

async function hasDigest(disk: Disk, path: string, digest: string): Promise<boolean> {
  const size = await disk.size(path)
  if (size === undefined) return false
  await using file = await disk.open(path, 'existing')
  const hash = createHash('sha256')
  for (let at = 0; at < size;) {
    const bytes = await file.pread(Math.min(readBytes, size - at), at)
    if (bytes.length === 0) return false
    hash.update(bytes)
    at += bytes.length
  }
  return `sha256:${hash.digest('hex')}` === digest
}

async function assertRoom(disk: Disk, data: string, neededBytes: number): Promise<void> {
  const free = await disk.free(data)
  if (neededBytes + diskReserveBytes <= free) return
  throw new DiskError(
    'Full',
    `the disk is too full: ${neededBytes} bytes are needed and ${diskReserveBytes} stay free, ` +
      `but only ${free} are left: make room under ${data}`,
  )
}

async function digestsIn(disk: Disk, directory: string): Promise<string[]> {
  const names = await disk.list(directory)
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => `sha256:${name}`)
}

function hexOf(digest: string): string {
  return digest.replace(/^sha256:/, '')
}
