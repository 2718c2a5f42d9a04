import { type DirectoryEntry, type OsFile, OsDiskError, type OsFiles } from './os-host.ts'

/** Files in memory, for a machine whose data partition cannot be used: gone at the next restart. */
export function createMemoryFiles(capacityBytes = 512 * 2 ** 20): OsFiles {
  const entries = new Map<string, Buffer | 'directory'>([['', 'directory']])
  const used = (): number =>
    [...entries.values()].reduce((sum, each) => sum + (each === 'directory' ? 0 : each.length), 0)
  const fileAt = (path: string): Buffer => {
    const entry = entries.get(path)
    if (entry === undefined || entry === 'directory')
      throw new OsDiskError(`There is no file ${path}.`)
    return entry
  }
  const openFile = (path: string): OsFile => ({
    async write(offset, bytes) {
      const before = fileAt(path)
      const size = Math.max(before.length, offset + bytes.length)
      if (used() + size - before.length > capacityBytes)
        throw new OsDiskError(`${path}: memory for files is full.`, true)
      const next = Buffer.alloc(size)
      next.set(before)
      next.set(bytes, offset)
      entries.set(path, next)
    },
    read: async (offset, sizeBytes) =>
      Buffer.from(fileAt(path).subarray(offset, offset + sizeBytes)),
    sync: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  })
  return {
    mkdir: async (path) => void entries.set(trim(path), 'directory'),
    async open(path, how) {
      if (how === 'create') entries.set(path, Buffer.alloc(0))
      fileAt(path)
      return openFile(path)
    },
    list: async (path) => listOf(entries, trim(path)),
    remove: async (path) => void entries.delete(path),
    async rename(from, to) {
      entries.set(to, fileAt(from))
      entries.delete(from)
    },
    syncDirectory: async () => undefined,
    free: async () => capacityBytes - used(),
  }
}

const trim = (path: string): string => (path === '/' ? '' : path)

function listOf(
  entries: ReadonlyMap<string, Buffer | 'directory'>,
  folder: string,
): DirectoryEntry[] {
  const prefix = `${folder}/`
  return [...entries]
    .filter(([path]) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
    .map(([path, entry]) => ({
      name: path.slice(prefix.length),
      isDirectory: entry === 'directory',
      sizeBytes: entry === 'directory' ? 0 : entry.length,
    }))
}
