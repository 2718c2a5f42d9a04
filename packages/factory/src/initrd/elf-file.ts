import { elfEntriesMax, elfTextBytesMax } from './limits.ts'

/** What is asked of an ELF file: what a program needs to start, and what a kernel module says of itself. */
export type ElfFile = {
  /** Names of the shared libraries that it needs, in its order. */
  readonly needed: readonly string[]
  /** Path of its dynamic loader; undefined for libraries and static programs. */
  readonly interpreter: string | undefined
  /** `key=value` lines of a kernel module. */
  readonly moduleInfo: readonly string[]
}

export type ElfResult =
  | { readonly ok: true; readonly file: ElfFile }
  | { readonly ok: false; readonly message: string }

/** A place in the file that does not hold what it must; caught in `readElf` alone. */
class Malformed extends Error {}

type Part = { readonly offset: number; readonly size: number }
type Segment = Part & { readonly type: number; readonly address: number }
type Section = Part & { readonly name: number; readonly type: number }

const segmentTypes = { load: 1, dynamic: 2, interpreter: 3 } as const
const dynamicTags = { end: 0, needed: 1, stringTable: 5, stringBytes: 10 } as const
const stringSection = 3

/** Reads a 64-bit little-endian ELF file, whoever made it: every offset is checked, every list is bounded. */
export function readElf(bytes: Uint8Array): ElfResult {
  try {
    return { ok: true, file: parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)) }
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, message: error.message }
    throw error
  }
}

function parse(bytes: Buffer): ElfFile {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) {
    throw new Malformed('it is not an ELF file')
  }
  if (bytes[4] !== 2 || bytes[5] !== 1) {
    throw new Malformed('it is not 64-bit little-endian ELF, the only kind that is read')
  }
  const segments = readSegments(bytes)
  return {
    needed: readNeeded(bytes, segments),
    interpreter: readInterpreter(bytes, segments),
    moduleInfo: readModuleInfo(bytes),
  }
}

function readSegments(bytes: Buffer): Segment[] {
  const table = tableOf(bytes, { offsetAt: 32, sizeAt: 54, countAt: 56, entryBytesMin: 56 })
  return table.map((at) => ({
    type: bytes.readUInt32LE(at),
    offset: number64(bytes, at + 8),
    address: number64(bytes, at + 16),
    size: number64(bytes, at + 32),
  }))
}

function readSections(bytes: Buffer): Section[] {
  const table = tableOf(bytes, { offsetAt: 40, sizeAt: 58, countAt: 60, entryBytesMin: 64 })
  return table.map((at) => ({
    name: bytes.readUInt32LE(at),
    type: bytes.readUInt32LE(at + 4),
    offset: number64(bytes, at + 24),
    size: number64(bytes, at + 32),
  }))
}

type TablePlace = { offsetAt: number; sizeAt: number; countAt: number; entryBytesMin: number }

/** Where the entries of a table begin that the header names. */
function tableOf(bytes: Buffer, place: TablePlace): number[] {
  const offset = number64(bytes, place.offsetAt)
  const entryBytes = bytes.readUInt16LE(place.sizeAt)
  const count = bytes.readUInt16LE(place.countAt)
  if (count === 0 || offset === 0) return []
  if (count > elfEntriesMax)
    throw new Malformed(`a table has ${count} entries, over ${elfEntriesMax}`)
  if (entryBytes < place.entryBytesMin) throw new Malformed('the entries of a table are too short')
  within(bytes, { offset, size: count * entryBytes })
  return Array.from({ length: count }, (_, index) => offset + index * entryBytes)
}

function readInterpreter(bytes: Buffer, segments: readonly Segment[]): string | undefined {
  const segment = segments.find(({ type }) => type === segmentTypes.interpreter)
  return segment && textAt(bytes, within(bytes, segment), 0)
}

function readNeeded(bytes: Buffer, segments: readonly Segment[]): string[] {
  const dynamic = segments.find(({ type }) => type === segmentTypes.dynamic)
  if (dynamic === undefined) return []
  const entries = dynamicEntries(bytes, within(bytes, dynamic))
  const names = entries.filter(({ tag }) => tag === dynamicTags.needed)
  if (names.length === 0) return []
  const address = entries.find(({ tag }) => tag === dynamicTags.stringTable)?.value
  const size = entries.find(({ tag }) => tag === dynamicTags.stringBytes)?.value
  const segment = segments.find(
    (it) =>
      it.type === segmentTypes.load &&
      address !== undefined &&
      address >= it.address &&
      address < it.address + it.size,
  )
  if (address === undefined || size === undefined || segment === undefined) {
    throw new Malformed('it needs libraries and has no table of their names')
  }
  const strings = within(bytes, { offset: segment.offset + (address - segment.address), size })
  return names.map(({ value }) => textAt(bytes, strings, value))
}

function dynamicEntries(bytes: Buffer, part: Part): { tag: number; value: number }[] {
  const entries: { tag: number; value: number }[] = []
  for (let at = part.offset; at + 16 <= part.offset + part.size; at += 16) {
    const tag = number64(bytes, at)
    if (tag === dynamicTags.end) return entries
    if (entries.length >= elfEntriesMax) throw new Malformed('its dynamic section has no end')
    entries.push({ tag, value: number64(bytes, at + 8) })
  }
  return entries
}

function readModuleInfo(bytes: Buffer): string[] {
  const sections = readSections(bytes)
  const names = sections[bytes.readUInt16LE(62)]
  if (names === undefined || names.type !== stringSection) return []
  const nameTable = within(bytes, names)
  const info = sections.find(
    (section) => section.size > 0 && textAt(bytes, nameTable, section.name) === '.modinfo',
  )
  if (info === undefined) return []
  const { offset, size } = within(bytes, info)
  const lines = bytes.toString('latin1', offset, offset + size).split('\0')
  return lines.filter((line) => line !== '' && line.length <= elfTextBytesMax)
}

function within(bytes: Buffer, part: Part): Part {
  if (part.offset + part.size > bytes.length) {
    throw new Malformed(
      `it is cut off: ${part.offset + part.size} bytes expected, ${bytes.length} there`,
    )
  }
  return part
}

function textAt(bytes: Buffer, part: Part, at: number): string {
  const end = bytes.indexOf(0, part.offset + at)
  const start = part.offset + at
  if (
    at >= part.size ||
    end < 0 ||
    end >= part.offset + part.size ||
    end - start > elfTextBytesMax
  ) {
    throw new Malformed('a name in it has no end')
  }
  return bytes.toString('latin1', start, end)
}

/** Offsets beyond 2^53 cannot be in a file of ours. Tags of vendors look so: they become one that nobody asks for. */
function number64(bytes: Buffer, at: number): number {
  if (at + 8 > bytes.length) throw new Malformed('it is cut off')
  const value = bytes.readBigUInt64LE(at)
  return value > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(value)
}
