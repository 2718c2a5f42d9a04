/** What an archive holds at a path without a leading slash. */
export type CpioEntry =
  | { readonly type: 'directory' }
  | { readonly type: 'file'; readonly data: Uint8Array; readonly mode: 0o644 | 0o755 }
  | { readonly type: 'link'; readonly to: string }

const trailer = 'TRAILER!!!'
const nothing = new Uint8Array(0)

/**
 * A cpio archive of the kind "newc", which the kernel unpacks: sorted by path, owned by root, without times,
 * so that the same files make the same bytes. Directories on the way to a file are added.
 */
export function cpioArchive(entries: ReadonlyMap<string, CpioEntry>): Uint8Array {
  const parts: Uint8Array[] = []
  let inode = 0
  for (const [path, entry] of withDirectories(entries)) {
    inode += 1
    parts.push(...record(path, inode, modeOf(entry), contentOf(entry)))
  }
  parts.push(...record(trailer, 0, 0, nothing))
  return Buffer.concat(parts)
}

function withDirectories(entries: ReadonlyMap<string, CpioEntry>): [string, CpioEntry][] {
  const all = new Map(entries)
  for (const path of entries.keys()) {
    if (!isPlainPath(path)) {
      throw new Error(`"${path}" cannot stand in an archive: give a path such as usr/bin/name`)
    }
    const names = path.split('/').slice(0, -1)
    for (const index of names.keys()) {
      const directory = names.slice(0, index + 1).join('/')
      const there = all.get(directory)
      if (there === undefined) all.set(directory, { type: 'directory' })
      else if (there.type !== 'directory') {
        throw new Error(`"${path}" lies below "${directory}", which is a ${there.type}`)
      }
    }
  }
  return [...all].toSorted(([a], [b]) => (a < b ? -1 : 1))
}

function isPlainPath(path: string): boolean {
  if (path.length > 4096 || path.includes('\0') || path === trailer) return false
  return path.split('/').every((name) => name !== '' && name !== '.' && name !== '..')
}

function modeOf(entry: CpioEntry): number {
  if (entry.type === 'directory') return 0o040755
  return entry.type === 'link' ? 0o120777 : 0o100000 | entry.mode
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.type === 'directory') return nothing
  return entry.type === 'link' ? Buffer.from(entry.to) : entry.data
}

function record(path: string, inode: number, mode: number, data: Uint8Array): Uint8Array[] {
  const name = Buffer.from(`${path}\0`)
  // inode, mode, owner, group, links, time, size, two devices as major and minor, name's length, checksum.
  const fields = [inode, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, name.length, 0]
  const digits = fields.map((field) => field.toString(16).padStart(8, '0')).join('')
  const header = Buffer.from(`070701${digits}`)
  return [header, name, padding(header.length + name.length), data, padding(data.length)]
}

/** Everything begins at a multiple of four bytes. */
function padding(length: number): Uint8Array {
  return new Uint8Array((4 - (length % 4)) % 4)
}
