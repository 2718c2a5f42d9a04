import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { toError } from '@skerry/base/assert'
import { type OsFile, type OsFiles, OsDiskError } from './os-host.ts'

/** The files below a directory of this machine; '' for all of them. */
export function createRealFiles(root: string): OsFiles {
  const at = (path: string): string => `${root}${path}` || '/'
  return {
    mkdir: (path) =>
      onDisk(at(path), async () => {
        await mkdir(at(path), { mode: 0o700 }).catch(unless('EEXIST'))
      }),
    open: (path, how) =>
      onDisk(at(path), async () =>
        toOsFile(at(path), await open(at(path), how === 'create' ? 'w+' : 'r+', 0o600)),
      ),
    list: (path) => onDisk(at(path), () => listDirectory(at(path))),
    remove: (path) => onDisk(at(path), () => rm(at(path), { force: true })),
    rename: (from, to) => onDisk(at(to), () => rename(at(from), at(to))),
    syncDirectory: (path) =>
      onDisk(at(path), async () => {
        await using directory = await open(at(path), 'r')
        await directory.sync()
      }),
    free: () =>
      onDisk(at('/'), async () => {
        const { bavail, bsize } = await statfs(at('/'))
        return bavail * bsize
      }),
  }
}

async function listDirectory(path: string) {
  const names = (await readdir(path).catch(unless('ENOENT'))) ?? []
  const found = []
  for (const name of names.toSorted()) {
    // Whatever goes away meanwhile is gone.
    const stats = await stat(`${path}/${name}`).catch(unless('ENOENT'))
    if (stats !== undefined)
      found.push({ name, isDirectory: stats.isDirectory(), sizeBytes: stats.size })
  }
  return found
}

function toOsFile(path: string, handle: FileHandle): OsFile {
  return {
    write: (offset, bytes) => onDisk(path, () => writeAll(handle, offset, bytes)),
    read: (offset, sizeBytes) => onDisk(path, () => readUpTo(handle, offset, sizeBytes)),
    sync: () => onDisk(path, () => handle.sync()),
    [Symbol.asyncDispose]: () => onDisk(path, () => handle.close()),
  }
}

export async function writeAll(
  handle: FileHandle,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at)
    at += bytesWritten
  }
}

export async function readUpTo(
  handle: FileHandle,
  offset: number,
  sizeBytes: number,
): Promise<Uint8Array> {
  const bytes = Buffer.alloc(sizeBytes)
  let at = 0
  while (at < sizeBytes) {
    const { bytesRead } = await handle.read(bytes, at, sizeBytes - at, offset + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}

/** Everything that a disk may refuse becomes one sort of error. */
export async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof OsDiskError) throw error
    const code = codeOf(error)
    // Without a code it is no disk that speaks, but a bug of ours.
    if (code === undefined) throw toError(error)
    const isFull = code === 'ENOSPC' || code === 'EDQUOT'
    const message = isFull ? 'the disk is full: make room' : toError(error).message
    throw new OsDiskError(`${path}: ${message} (${code})`, isFull)
  }
}

const unless =
  (code: string) =>
  (error: unknown): undefined => {
    if (codeOf(error) !== code) throw toError(error)
    return undefined
  }

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
