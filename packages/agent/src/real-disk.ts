import type { FileHandle } from 'node:fs/promises'
import { mkdir, open, readFile, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { toError } from '@skerry/base/assert'
import { type Disk, DiskError, type DiskFailure, type DiskFile } from './host.ts'

/** The disk of this machine. */
export const realDisk: Disk = {
  mkdir: (path) =>
    onDisk(path, async () => {
      await mkdir(path, { mode: 0o700 }).catch(unless('EEXIST'))
    }),
  open: (path, how) =>
    onDisk(path, async () =>
      toDiskFile(path, await open(path, how === 'create' ? 'w+' : 'r+', 0o600)),
    ),
  read: (path) => onDisk(path, () => readFile(path).catch(unless('ENOENT'))),
  list: (path) =>
    onDisk(path, async () => ((await readdir(path).catch(unless('ENOENT'))) ?? []).toSorted()),
  remove: (path) => onDisk(path, () => rm(path, { force: true })),
  rename: (from, to) => onDisk(to, () => rename(from, to)),
  syncDirectory: (path) =>
    onDisk(path, async () => {
      const directory = await open(path, 'r')
      try {
        await directory.sync()
      } finally {
        await directory.close()
      }
    }),
  size: (path) => onDisk(path, async () => (await stat(path).catch(unless('ENOENT')))?.size),
  free: (path) =>
    onDisk(path, async () => {
      const { bavail, bsize } = await statfs(path)
      return bavail * bsize
    }),
}

function toDiskFile(path: string, handle: FileHandle): DiskFile {
  return {
    pwrite: (bytes, offset) =>
      onDisk(path, async () => {
        for (let at = 0; at < bytes.length;) {
          const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at)
          at += bytesWritten
        }
      }),
    pread: (length, offset) =>
      onDisk(path, async () => {
        const bytes = new Uint8Array(length)
        const { bytesRead } = await handle.read(bytes, 0, length, offset)
        return bytes.subarray(0, bytesRead)
      }),
    sync: () => onDisk(path, () => handle.sync()),
    [Symbol.asyncDispose]: () => onDisk(path, () => handle.close()),
  }
}

const failures: Readonly<Record<string, readonly [DiskFailure, string]>> = {
  ENOSPC: ['Full', 'the disk is full: make room'],
  EDQUOT: ['Full', 'the quota of the disk is used up: make room'],
  EROFS: ['ReadOnly', 'the disk is read-only: mount it for writing'],
  EACCES: ['Denied', 'the agent may not write here: give the directory to its user'],
  ENOTDIR: ['Denied', 'this is not a directory: name another one'],
  EPERM: ['Denied', 'the agent may not do this here: give the directory to its user'],
}

async function onDisk<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const code = codeOf(error)
    const [reason, message] = failures[code] ?? ['Broken', toError(error).message]
    throw new DiskError(reason, `${path}: ${message} (${code})`)
  }
}

function unless(code: string): (error: unknown) => undefined {
  return (error) => {
    if (codeOf(error) !== code) throw toError(error)
    return undefined
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}
