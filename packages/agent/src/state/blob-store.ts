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
  /** Whether somebody brought the file since the agent started, as from a USB stick. */
  adopt(digest: string): Promise<boolean>
  remove(digest: string): Promise<void>
}

export type BlobSource = {
  readonly digest: string
  readonly sizeBytes: number
  readonly open: (offset: number) => AsyncIterable<Uint8Array>
  readonly onProgress: (receivedBytes: number) => void
}

export type ReceiveResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: 'Incomplete' | 'WrongContent'; readonly message: string }

const readBytes = 1024 * 1024

export async function openBlobStore(disk: Disk, data: string): Promise<BlobStore> {
  const complete = new Set(await digestsIn(disk, `${data}/blobs`))
  const partial = new Set(await digestsIn(disk, `${data}/partial`))
  return new DiskBlobStore(disk, data, { complete, partial })
}

type Held = { readonly complete: Set<string>; readonly partial: Set<string> }

class DiskBlobStore implements BlobStore {
  readonly #disk: Disk
  readonly #data: string
  readonly #held: Held
  readonly #verified = new Set<string>()

  constructor(disk: Disk, data: string, held: Held) {
    this.#disk = disk
    this.#data = data
    this.#held = held
  }

  complete(): string[] {
    return [...this.#held.complete]
  }

  partials(): string[] {
    return [...this.#held.partial]
  }

  pathOf(digest: string): string {
    return `${this.#data}/blobs/${hexOf(digest)}`
  }

  async receive(source: BlobSource): Promise<ReceiveResult> {
    const { digest, sizeBytes } = source
    if (this.#held.complete.has(digest)) return { ok: true }
    const path = this.#partOf(digest)
    if (((await this.#disk.size(path)) ?? 0) > sizeBytes) await this.#discardPart(digest)
    const heldBytes = await this.#disk.size(path)
    await assertRoom(this.#disk, this.#data, sizeBytes - (heldBytes ?? 0))
    const result = await this.#fillPart(source, heldBytes)
    if (result.receivedBytes < sizeBytes)
      return {
        ok: false,
        reason: 'Incomplete',
        message: `only ${result.receivedBytes} of ${sizeBytes} bytes came`,
      }
    if (result.digest === digest) {
      await this.#finish(digest)
      return { ok: true }
    }
    await this.#discardPart(digest)
    return {
      ok: false,
      reason: 'WrongContent',
      message: `what came is not ${digest}: it is fetched again from the beginning`,
    }
  }

  async verify(digest: string): Promise<boolean> {
    if (this.#verified.has(digest)) return true
    const isSame = await hasDigest(this.#disk, this.pathOf(digest), digest)
    if (isSame) this.#verified.add(digest)
    else {
      await this.#disk.remove(this.pathOf(digest))
      this.#held.complete.delete(digest)
    }
    return isSame
  }

  async adopt(digest: string): Promise<boolean> {
    if ((await this.#disk.size(this.pathOf(digest))) === undefined) return false
    if (!(await this.verify(digest))) return false
    this.#held.complete.add(digest)
    return true
  }

  async remove(digest: string): Promise<void> {
    await this.#disk.remove(this.pathOf(digest))
    await this.#discardPart(digest)
    this.#held.complete.delete(digest)
    this.#verified.delete(digest)
  }

  #partOf(digest: string): string {
    return `${this.#data}/partial/${hexOf(digest)}`
  }

  async #discardPart(digest: string): Promise<void> {
    await this.#disk.remove(this.#partOf(digest))
    this.#held.partial.delete(digest)
  }

  async #fillPart(source: BlobSource, heldBytes: number | undefined): ReturnType<typeof fill> {
    const how = heldBytes === undefined ? 'create' : 'existing'
    await using file = await this.#disk.open(this.#partOf(source.digest), how)
    if (heldBytes === undefined) await this.#disk.syncDirectory(`${this.#data}/partial`)
    this.#held.partial.add(source.digest)
    const result = await fill(file, source, heldBytes ?? 0)
    await file.sync()
    return result
  }

  async #finish(digest: string): Promise<void> {
    await this.#disk.rename(this.#partOf(digest), this.pathOf(digest))
    await this.#disk.syncDirectory(`${this.#data}/blobs`)
    this.#held.partial.delete(digest)
    this.#held.complete.add(digest)
    this.#verified.add(digest)
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
