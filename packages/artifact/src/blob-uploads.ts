import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@skerry/base/clock'
import type { Digest } from '@skerry/base/digest'
import { digestOfStream } from './digest-of.ts'
import { uploadIdleMs, uploadsMax } from './limits.ts'
import { tellStorageErrors } from './storage-error.ts'

export type UploadRefusal = 'UnknownUpload' | 'WrongOffset' | 'Busy' | 'TooLarge' | 'WrongDigest'
export type UploadAnswer =
  | { readonly ok: true; readonly offset: number }
  | { readonly ok: false; readonly reason: UploadRefusal; readonly offset: number }

/**
 * Blobs on their way in, each a file that grows. They survive a restart: what counts is the length of
 * the file, and the digest is computed over the file at the end.
 */
export type BlobUploads = {
  /** The id of a new upload, or undefined when too many are under way. */
  begin(): Promise<string | undefined>
  /** How many bytes are there. */
  offset(id: string): Promise<number | undefined>
  /** Adds bytes at `at`, which must be where the upload ends; undefined: wherever that is. */
  append(
    id: string,
    at: number | undefined,
    source: AsyncIterable<Uint8Array>,
  ): Promise<UploadAnswer>
  /** Makes a blob of it if it is what `expected` names; if not, the upload is thrown away. */
  finish(id: string, expected: Digest): Promise<UploadAnswer>
  cancel(id: string): Promise<boolean>
}

export type BlobUploadOptions = {
  readonly dir: string
  readonly clock: Pick<Clock, 'now'>
  readonly bytesMax: number
  readonly adopt: (file: string, digest: Digest) => Promise<void>
}

const idPattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export async function createBlobUploads(options: BlobUploadOptions): Promise<BlobUploads> {
  const { dir, clock, adopt, bytesMax } = options
  await tellStorageErrors(dir, () => mkdir(dir, { recursive: true }))
  /** When each upload was last touched. One that a restart found counts from then. */
  const touchedMs = new Map<string, number>()
  for (const name of await readdir(dir)) touchedMs.set(name, clock.now())
  const busy = new Set<string>()
  const pathOf = (id: string) => join(dir, id)

  const exclusively = async (id: string, run: () => Promise<UploadAnswer>) => {
    const offset = await offsetOf(id)
    if (offset === undefined) return refuse('UnknownUpload', 0)
    if (busy.has(id)) return refuse('Busy', offset)
    busy.add(id)
    touchedMs.set(id, clock.now())
    try {
      return await tellStorageErrors(dir, run)
    } finally {
      busy.delete(id)
    }
  }
  const offsetOf = async (id: string): Promise<number | undefined> => {
    if (!idPattern.test(id) || !touchedMs.has(id)) return undefined
    return (await stat(pathOf(id)).catch(() => undefined))?.size
  }
  const forget = async (id: string) => {
    touchedMs.delete(id)
    await rm(pathOf(id), { force: true })
  }
  const expire = async () => {
    const idle = [...touchedMs].filter(
      ([id, atMs]) => !busy.has(id) && clock.now() - atMs > uploadIdleMs,
    )
    for (const [id] of idle) await forget(id)
  }
  return {
    begin: () =>
      tellStorageErrors(dir, async () => {
        await expire()
        if (touchedMs.size >= uploadsMax) return undefined
        const id = randomUUID()
        touchedMs.set(id, clock.now())
        await (await open(pathOf(id), 'wx')).close()
        return id
      }),
    offset: offsetOf,
    append: (id, at, source) =>
      exclusively(id, () => appendTo(pathOf(id), { at, source, bytesMax })),
    finish: (id, expected) =>
      exclusively(id, async () => {
        const { digest, sizeBytes } = await digestOfStream(createReadStream(pathOf(id)))
        if (digest !== expected) {
          await forget(id)
          return refuse('WrongDigest', sizeBytes)
        }
        const file = await open(pathOf(id), 'r+')
        try {
          await file.sync()
        } finally {
          await file.close()
        }
        await adopt(pathOf(id), digest)
        touchedMs.delete(id)
        return { ok: true, offset: sizeBytes }
      }),
    async cancel(id) {
      if ((await offsetOf(id)) === undefined || busy.has(id)) return false
      await forget(id)
      return true
    },
  }
}

const refuse = (reason: UploadRefusal, offset: number) => ({ ok: false, reason, offset }) as const

type Piece = {
  readonly at: number | undefined
  readonly source: AsyncIterable<Uint8Array>
  readonly bytesMax: number
}

async function appendTo(path: string, { at, source, bytesMax }: Piece): Promise<UploadAnswer> {
  const file = await open(path, 'a')
  try {
    let offset = (await file.stat()).size
    if (at !== undefined && at !== offset) return refuse('WrongOffset', offset)
    for await (const chunk of source) {
      if (offset + chunk.length > bytesMax) return refuse('TooLarge', offset)
      await file.writeFile(chunk)
      offset += chunk.length
    }
    return { ok: true, offset }
  } finally {
    await file.close()
  }
}
