import { parseOsRelease } from '../uki/os-release.ts'

export type LoaderFields = {
  readonly sortKey?: string | undefined
  readonly version?: string | undefined
}

/** Reads from the beginning of a file; fewer bytes where it ends. */
export type ReadFile = (offset: number, length: number) => Buffer

const headerBytesMax = 64 * 1024
const textBytesMax = 64 * 1024
const sectionsMax = 96

/**
 * What the loader takes from a kernel, which may be cut off: it reads the table of sections and `.osrel` and
 * nothing else. Undefined: it does not see this file as an entry.
 */
export function loaderFieldsOf(read: ReadFile): LoaderFields | undefined {
  const header = read(0, headerBytesMax)
  if (header.length < 64 || header.toString('latin1', 0, 2) !== 'MZ') return undefined
  const start = header.readUInt32LE(0x3c)
  if (start + 24 > header.length || header.readUInt32LE(start) !== 0x4550) return undefined
  const count = header.readUInt16LE(start + 6)
  const table = start + 24 + header.readUInt16LE(start + 20)
  if (count > sectionsMax || table + count * 40 > header.length) return undefined
  for (let index = 0; index < count; index++) {
    const section = header.subarray(table + index * 40, table + index * 40 + 40)
    if (section.toString('latin1', 0, 8).replace(/\0+$/, '') !== '.osrel') continue
    const length = Math.min(section.readUInt32LE(8), section.readUInt32LE(16), textBytesMax)
    return fieldsOf(read(section.readUInt32LE(20), length).toString('utf8').replace(/\0.*$/s, ''))
  }
  return undefined
}

function fieldsOf(text: string): LoaderFields | undefined {
  const values = parseOsRelease(text)
  const first = (...names: string[]) =>
    names.map((name) => values.get(name)).find((value) => value !== undefined)
  if (first('PRETTY_NAME', 'IMAGE_ID', 'NAME', 'ID') === undefined) return undefined
  return {
    sortKey: first('IMAGE_ID', 'ID'),
    version: first('IMAGE_VERSION', 'VERSION', 'VERSION_ID', 'BUILD_ID'),
  }
}
