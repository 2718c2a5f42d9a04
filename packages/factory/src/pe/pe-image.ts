import { peBytesMax, peSectionsMax } from './limits.ts'

/** A program as UEFI starts it (PE32+), as far as its signature covers it. */
export type PeImage = {
  readonly bytes: Buffer
  /** Where the checksum lies: 4 bytes that no signature covers. */
  readonly checksumOffset: number
  /** Where the place of the signatures is written: 8 bytes that no signature covers. */
  readonly certificateEntryOffset: number
  readonly headerBytes: number
  readonly machine: number
  readonly sections: readonly PeSection[]
  /** The table of signatures at the end of the file; 0 bytes if there is none. */
  readonly certificates: { readonly offset: number; readonly bytes: number }
}

export type PeSection = {
  readonly name: string
  readonly offset: number
  /** In the file, padded. */
  readonly fileBytes: number
  /** Of the content, without padding. */
  readonly contentBytes: number
}

export type PeResult =
  | { readonly ok: true; readonly image: PeImage }
  | { readonly ok: false; readonly message: string }

const refuse = (message: string) => ({ ok: false, message }) as const

/** Index of the certificate table among the data directories. */
const certificateDirectory = 4

/** Reads the headers of a PE32+ file. Takes any bytes. */
export function readPe(file: Uint8Array): PeResult {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (bytes.length > peBytesMax)
    return refuse(`has ${bytes.length} bytes where at most ${peBytesMax} are allowed`)
  if (bytes.length < 64 || bytes.toString('latin1', 0, 2) !== 'MZ')
    return refuse('is not an EFI program: it does not begin with MZ')
  const start = bytes.readUInt32LE(0x3c)
  if (start > bytes.length - 24 || bytes.readUInt32LE(start) !== 0x4550)
    return refuse('is not an EFI program: it has no PE header')
  const sectionCount = bytes.readUInt16LE(start + 6)
  const optional = start + 24
  const optionalBytes = bytes.readUInt16LE(start + 20)
  if (optional + optionalBytes > bytes.length) return refuse('ends within its headers')
  if (optionalBytes < 112 || bytes.readUInt16LE(optional) !== 0x20b)
    return refuse('is not PE32+, which is what 64-bit firmware starts')
  const directories = bytes.readUInt32LE(optional + 108)
  if (directories <= certificateDirectory || optionalBytes < 112 + (certificateDirectory + 1) * 8)
    return refuse('has no place for a signature in its headers')
  const table = optional + optionalBytes
  if (sectionCount > peSectionsMax)
    return refuse(`has ${sectionCount} sections where at most ${peSectionsMax} are allowed`)
  if (table + sectionCount * 40 > bytes.length) return refuse('ends within its table of sections')
  const headerBytes = bytes.readUInt32LE(optional + 60)
  if (headerBytes > bytes.length || headerBytes < table + sectionCount * 40)
    return refuse(`says that its headers have ${headerBytes} bytes, which cannot be`)
  const sections = readSections(bytes, table, sectionCount, headerBytes)
  if (typeof sections === 'string') return refuse(sections)
  const certificateEntryOffset = optional + 112 + certificateDirectory * 8
  const certificates = {
    offset: bytes.readUInt32LE(certificateEntryOffset),
    bytes: bytes.readUInt32LE(certificateEntryOffset + 4),
  }
  const problem = certificateProblem(bytes, certificates, sections)
  if (problem !== undefined) return refuse(problem)
  return {
    ok: true,
    image: {
      bytes,
      checksumOffset: optional + 64,
      certificateEntryOffset,
      headerBytes,
      machine: bytes.readUInt16LE(start + 4),
      sections,
      certificates,
    },
  }
}

function readSections(
  bytes: Buffer,
  table: number,
  count: number,
  headerBytes: number,
): PeSection[] | string {
  const sections: PeSection[] = []
  for (let index = 0; index < count; index += 1) {
    const at = table + index * 40
    const name = bytes.toString('latin1', at, at + 8).replace(/\0.*$/s, '')
    const virtualBytes = bytes.readUInt32LE(at + 8)
    const fileBytes = bytes.readUInt32LE(at + 16)
    const offset = bytes.readUInt32LE(at + 20)
    if (fileBytes > 0 && (offset < headerBytes || offset + fileBytes > bytes.length))
      return `is cut off or damaged: section ${JSON.stringify(name)} lies outside the file`
    sections.push({ name, offset, fileBytes, contentBytes: Math.min(virtualBytes, fileBytes) })
  }
  const ordered = filled(sections)
  for (const [index, section] of ordered.entries()) {
    const before = ordered[index - 1]
    if (before !== undefined && before.offset + before.fileBytes > section.offset)
      return `has sections that overlap: ${JSON.stringify(before.name)} and ${JSON.stringify(section.name)}`
  }
  return sections
}

/** Sections that have bytes in the file, in the order of the file. */
export function filled(sections: readonly PeSection[]): PeSection[] {
  return sections.filter(({ fileBytes }) => fileBytes > 0).toSorted((a, b) => a.offset - b.offset)
}

function certificateProblem(
  bytes: Buffer,
  { offset, bytes: length }: PeImage['certificates'],
  sections: readonly PeSection[],
): string | undefined {
  if (length === 0) return undefined
  const last = filled(sections).at(-1)
  const end = last === undefined ? 0 : last.offset + last.fileBytes
  // Only at the very end: what lay behind it would be neither signed nor a signature.
  if (offset + length !== bytes.length || offset % 8 !== 0 || offset < end)
    return `is cut off or damaged: its signatures should lie in bytes ${offset} to ${offset + length} of ${bytes.length}`
  return undefined
}

/** The content of the section of this name, if there is one. */
export function sectionOf(image: PeImage, name: string): Buffer | undefined {
  const section = image.sections.find((found) => found.name === name)
  return section && image.bytes.subarray(section.offset, section.offset + section.contentBytes)
}
