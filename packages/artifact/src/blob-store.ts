import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readFile, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '@skerry/base/clock'
import { type Digest, isDigest } from '@skerry/base/digest'
import { type BlobUploads, createBlobUploads } from './blob-uploads.ts'
import { blobBytesMax } from './limits.ts'
import { tellStorageErrors } from './storage-error.ts'
import { syncDirectory, temporarySuffix } from './write-file-atomic.ts'

/** Bytes `start` to `end`, both included, as HTTP counts them. */
export type ByteRange = { readonly start: number; readonly end: number }

export type PutBlob =
  | { readonly ok: true; readonly digest: Digest; readonly sizeBytes: number }
  | { readonly ok: false; readonly reason: 'WrongDigest' | 'TooLarge'; readonly message: string }

/**
 * Bytes by digest, as files `sha256/ab/HEX` of one directory that no other process writes. Methods
 * that write reject with a StorageError when the disk is full or read-only.
 */
export type BlobStore = {
  stat(digest: Digest): Promise<{ readonly sizeBytes: number } | undefined>
  /** The bytes, or a range of them. Fails while reading when the blob is not there: `stat` first. */
  read(digest: Digest, range?: ByteRange): AsyncIterable<Buffer>
  /** The whole of a small blob. */
  readWhole(digest: Digest, bytesMax: number): Promise<Buffer | undefined>
  /** Stores what the source brings, only if it is what `expected` names. */
  put(source: AsyncIterable<Uint8Array> | Uint8Array, expected?: Digest): Promise<PutBlob>
  delete(digest: Digest): Promise<boolean>
  /** Where the file is, for a process that is given the model to inspect. */
  pathOf(digest: Digest): string
  readonly uploads: BlobUploads
}

export type BlobStoreOptions = {
  readonly dir: string
  readonly clock: Pick<Clock, 'now'>
  readonly blobBytesMax?: number
}

/** Opens the store and clears away what a crash left half written. */
export async function openBlobStore(options: BlobStoreOptions): Promise<BlobStore> {
  const { dir } = options
  const bytesMax = options.blobBytesMax ?? blobBytesMax
  const temporaryDir = join(dir, 'incoming')
  const pathOf = (digest: Digest): string => {
    if (!isDigest(digest)) throw new TypeError(`${JSON.stringify(digest)} is not a digest`)
    const hex = digest.slice('sha256:'.length)
    return join(dir, 'sha256', hex.slice(0, 2), hex)
  }
  await tellStorageErrors(dir, async () => {
    await mkdir(temporaryDir, { recursive: true })
    const leftovers = (await readdir(temporaryDir)).filter((name) => name.endsWith(temporarySuffix))
    for (const name of leftovers) await rm(join(temporaryDir, name), { force: true })
  })
  /** Moves a complete and synced file to its name. */
  const adopt = async (file: string, digest: Digest) => {
    const path = pathOf(digest)
    const isNewDirectory = (await mkdir(dirname(path), { recursive: true })) !== undefined
    await rename(file, path)
    await syncDirectory(dirname(path))
    if (isNewDirectory) await syncDirectory(join(dir, 'sha256'))
  }
  const store: BlobStore = {
    stat: (digest) => sizeOf(pathOf(digest)),
    read: (digest, range) => createReadStream(pathOf(digest), range ?? {}),
    async readWhole(digest, readBytesMax) {
      const found = await sizeOf(pathOf(digest))
      return found === undefined || found.sizeBytes > readBytesMax
        ? undefined
        : readFile(pathOf(digest))
    },
    put: (source, expected) =>
      tellStorageErrors(dir, async () => {
        const temporary = join(temporaryDir, `${randomUUID()}${temporarySuffix}`)
        try {
          const written = await writeHashed(temporary, source, { bytesMax, expected })
          if (written.ok) await adopt(temporary, written.digest)
          return written
        } finally {
          await rm(temporary, { force: true })
        }
      }),
    async delete(digest) {
      const isThere = (await sizeOf(pathOf(digest))) !== undefined
      await tellStorageErrors(dir, () => rm(pathOf(digest), { force: true }))
      return isThere
    },
    pathOf,
    uploads: await createBlobUploads({
      dir: join(dir, 'uploads'),
      clock: options.clock,
      bytesMax,
      adopt,
    }),
  }
  return store
}

async function sizeOf(path: string): Promise<{ sizeBytes: number } | undefined> {
  try {
    const found = await stat(path)
    return found.isFile() ? { sizeBytes: found.size } : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

type WriteRules = { readonly bytesMax: number; readonly expected: Digest | undefined }

async function writeHashed(
  path: string,
  source: AsyncIterable<Uint8Array> | Uint8Array,
  { bytesMax, expected }: WriteRules,
): Promise<PutBlob> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  const file = await open(path, 'wx')
  try {
    for await (const chunk of source instanceof Uint8Array ? [source] : source) {
      sizeBytes += chunk.length
      if (sizeBytes > bytesMax) return tooLarge(bytesMax)
      hash.update(chunk)
      await file.writeFile(chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
  const digest: Digest = `sha256:${hash.digest('hex')}`
  return expected !== undefined && digest !== expected
    ? wrongDigest(expected, digest)
    : { ok: true, digest, sizeBytes }
}

export const tooLarge = (bytesMax: number) =>
  ({
    ok: false,
    reason: 'TooLarge',
    message: `The blob has more than the ${bytesMax} bytes that are allowed.`,
  }) as const

export const wrongDigest = (expected: string, actual: string) =>
  ({
    ok: false,
    reason: 'WrongDigest',
    message: `The bytes have the digest ${actual} and not ${expected}: send them again.`,
  }) as const
