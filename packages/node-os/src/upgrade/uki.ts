import type { SignedParts } from '@skerry/artifact/authenticode-ranges'
import { parseCommandLine, type ImageWords } from './command-line.ts'
import { ukiCertificateBytesMax, ukiHeaderBytes, ukiTextBytesMax } from './limits.ts'

/** What a unified kernel image says of itself. */
export type UkiWords = {
  /** IMAGE_VERSION of its os-release: what the loader sorts by. */
  readonly version: string
  /** Of its command line, if it is one of ours. */
  readonly image?: ImageWords | undefined
  /** Its signatures; undefined if it is not signed. */
  readonly certificates?: Uint8Array | undefined
  /** What they were made for. */
  readonly parts: SignedParts
}

type Read = (offset: number, sizeBytes: number) => Promise<Uint8Array>
type Range = { readonly offset: number; readonly sizeBytes: number }

const sectionBytes = 40
const sectionsMax = 64

/** Undefined for what is not a unified kernel image, or is cut off. Takes any bytes. */
export async function readUki(read: Read, fileBytes: number): Promise<UkiWords | undefined> {
  const header = Buffer.from(await read(0, Math.min(ukiHeaderBytes, fileBytes)))
  const layout = parseLayout(header, fileBytes)
  const osRelease = layout?.sections.get('.osrel')
  const commandLine = layout?.sections.get('.cmdline')
  if (osRelease === undefined || commandLine === undefined) return undefined
  const textOf = async ({ offset, sizeBytes }: Range) =>
    Buffer.from(await read(offset, Math.min(sizeBytes, ukiTextBytesMax))).toString('utf8')
  const version = versionOf(await textOf(osRelease))
  if (version === undefined) return undefined
  const signed = layout?.certificates
  return {
    version,
    parts: layout!.parts,
    image: parseCommandLine(await textOf(commandLine)),
    certificates:
      signed && (await read(signed.offset, Math.min(signed.sizeBytes, ukiCertificateBytesMax))),
  }
}

function versionOf(osRelease: string): string | undefined {
  const value = /^IMAGE_VERSION=(.*)$/m.exec(osRelease)?.[1]
  return value?.replace(/^(["'])(.*)\1\s*$/, '$2').trim()
}

type Layout = {
  readonly sections: ReadonlyMap<string, Range>
  readonly certificates?: Range
  readonly parts: SignedParts
}

/** Where the sections are (PE32+); undefined when one, or its signatures, lies behind the end of the file. */
function parseLayout(header: Buffer, fileBytes: number): Layout | undefined {
  if (header.length < 0x40 || header.toString('latin1', 0, 2) !== 'MZ') return undefined
  const start = header.readUInt32LE(0x3c)
  if (start + 24 > header.length || header.readUInt32LE(start) !== 0x4550) return undefined
  const count = header.readUInt16LE(start + 6)
  const optional = start + 24
  const table = optional + header.readUInt16LE(start + 20)
  if (optional + 64 > header.length || count > sectionsMax) return undefined
  if (table + count * sectionBytes > header.length) return undefined
  const sections = new Map<string, Range>()
  const inFile: { offset: number; fileBytes: number }[] = []
  for (let at = table; at < table + count * sectionBytes; at += sectionBytes) {
    const name = header.toString('latin1', at, at + 8).replace(/\0+$/, '')
    const paddedBytes = header.readUInt32LE(at + 16)
    const sizeBytes = Math.min(header.readUInt32LE(at + 8), paddedBytes)
    const offset = header.readUInt32LE(at + 20)
    if (offset + paddedBytes > fileBytes) return undefined
    sections.set(name, { offset, sizeBytes })
    inFile.push({ offset, fileBytes: paddedBytes })
  }
  const certificates = certificatesAt(header, optional)
  if (certificates !== undefined && certificates.offset + certificates.sizeBytes > fileBytes)
    return undefined
  const parts = {
    fileBytes,
    checksumOffset: optional + 64,
    certificateEntryOffset: optional + 112 + 4 * 8,
    headerBytes: header.readUInt32LE(optional + 60),
    sections: inFile,
    certificatesOffset: certificates?.offset,
  }
  return { sections, parts, ...(certificates === undefined ? {} : { certificates }) }
}

/** Entry 4 of the data directories: a place in the file, not in memory. */
function certificatesAt(header: Buffer, optional: number): Range | undefined {
  const at = optional + 112 + 4 * 8
  if (at + 8 > header.length || header.readUInt16LE(optional) !== 0x20b) return undefined
  const offset = header.readUInt32LE(at)
  const sizeBytes = header.readUInt32LE(at + 4)
  if (offset === 0 || sizeBytes === 0) return undefined
  return { offset, sizeBytes }
}
