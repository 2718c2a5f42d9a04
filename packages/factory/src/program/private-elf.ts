/** Raised when a program is not laid out as Debian and Node.js lay theirs out. */
export class ElfLayoutError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ElfLayoutError'
  }
}

const programInterpreter = 3
const programHeaderBytes = 56
const header = { programsAt: 32, entryBytesAt: 54, countAt: 56 } as const

/**
 * The same program, started by another loader. The path is overwritten where it stands, so it may not
 * be longer than the old one: nothing moves, and 100 MiB of Node.js stay as its makers laid them out.
 */
export function withInterpreter(elf: Uint8Array, interpreter: string): Uint8Array {
  const bytes = Buffer.from(elf)
  const { offset, length } = findInterpreter(bytes)
  if (Buffer.byteLength(interpreter) + 1 > length)
    throw new ElfLayoutError(
      `the path of the loader, ${interpreter}, has more than the ${length - 1} bytes that the program has room for`,
    )
  bytes.fill(0, offset, offset + length)
  bytes.write(interpreter, offset)
  return bytes
}

function findInterpreter(bytes: Buffer): { offset: number; length: number } {
  const isElf64 = bytes.length >= 64 && bytes.readUInt32BE(0) === 0x7f454c46 && bytes[4] === 2
  if (!isElf64) throw new ElfLayoutError('it is not a 64-bit ELF program')
  const first = Number(bytes.readBigUInt64LE(header.programsAt))
  const count = bytes.readUInt16LE(header.countAt)
  if (
    bytes.readUInt16LE(header.entryBytesAt) !== programHeaderBytes ||
    first + count * programHeaderBytes > bytes.length
  )
    throw new ElfLayoutError('its program headers are not where they should be')
  for (let index = 0; index < count; index++) {
    const at = first + index * programHeaderBytes
    if (bytes.readUInt32LE(at) !== programInterpreter) continue
    const offset = Number(bytes.readBigUInt64LE(at + 8))
    const length = Number(bytes.readBigUInt64LE(at + 32))
    if (offset + length <= bytes.length) return { offset, length }
  }
  throw new ElfLayoutError('it names no loader: is it linked statically?')
}

/**
 * glibc's loader that looks for libraries in one directory of ours and in no cache of the root: the root
 * may have another libc, or none. The paths are built into it, in two forms and with their lengths, so
 * they are overwritten by one as long: a path may end in any number of slashes.
 */
export function privateLoader(loader: Uint8Array, libraries: string): Uint8Array {
  const bytes = Buffer.from(loader)
  for (const path of ['/usr/lib/x86_64-linux-gnu/', '/lib/x86_64-linux-gnu/'])
    overwrite(bytes, path, libraries)
  overwrite(bytes, '/etc/ld.so.cache', '/.')
  overwrite(bytes, '/etc/ld.so.preload', '/.')
  return bytes
}

/** Every place where the whole text stands, each as a C string or the start of one. */
function overwrite(bytes: Buffer, text: string, by: string): void {
  const old = Buffer.from(text)
  const padded = Buffer.from(by.padEnd(old.length, '/'))
  if (padded.length !== old.length)
    throw new ElfLayoutError(`${by} is longer than ${text}, which it would stand for`)
  let found = 0
  for (let at = bytes.indexOf(old); at >= 0; at = bytes.indexOf(old, at + 1)) {
    // `/lib/…` also ends `/usr/lib/…`: only a text of its own counts.
    if (at > 0 && bytes[at - 1] !== 0) continue
    padded.copy(bytes, at)
    found++
  }
  if (found === 0) throw new ElfLayoutError(`the loader does not hold ${text}: is it Debian's?`)
}
