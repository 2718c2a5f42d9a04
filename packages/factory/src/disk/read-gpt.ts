import { guidText } from '../keys/efi-guid.ts'
import { crc32 } from 'node:zlib'
import { gptEntriesMax } from './limits.ts'

/** Reads bytes of a disk; fewer where it ends. */
export type ReadAt = (offset: number, length: number) => Promise<Buffer>

export type Partition = {
  readonly label: string
  readonly type: string
  readonly uuid: string
  readonly offsetBytes: number
  readonly sizeBytes: number
}

export type GptResult =
  | { readonly ok: true; readonly diskUuid: string; readonly partitions: readonly Partition[] }
  | { readonly ok: false; readonly message: string }

const sectorBytes = 512
const refuse = (message: string) => ({ ok: false, message }) as const

/** The primary partition table of a disk with sectors of 512 bytes. Takes any bytes. */
export async function readGpt(read: ReadAt, diskBytes: number): Promise<GptResult> {
  const header = await read(sectorBytes, 92)
  if (header.length < 92 || header.toString('latin1', 0, 8) !== 'EFI PART')
    return refuse('has no GPT partition table')
  const expected = header.readUInt32LE(16)
  const zeroed = Buffer.from(header)
  zeroed.writeUInt32LE(0, 16)
  if (header.readUInt32LE(12) !== 92 || crc32(zeroed) !== expected)
    return refuse('has a damaged GPT header')
  const count = header.readUInt32LE(80)
  const entryBytes = header.readUInt32LE(84)
  if (count > gptEntriesMax || entryBytes < 128 || entryBytes > 4096)
    return refuse(`has a GPT with ${count} entries of ${entryBytes} bytes, which cannot be`)
  const start = sectorsToBytes(header, 72)
  if (start === undefined || start > diskBytes)
    return refuse('has a GPT that lies outside the disk')
  const table = await read(start, count * entryBytes)
  if (table.length < count * entryBytes || crc32(table) !== header.readUInt32LE(88))
    return refuse('has a damaged table of partitions')
  const partitions: Partition[] = []
  for (let at = 0; at < table.length; at += entryBytes) {
    const entry = table.subarray(at, at + entryBytes)
    if (entry.subarray(0, 16).every((byte) => byte === 0)) continue
    const first = sectorsToBytes(entry, 32)
    const last = sectorsToBytes(entry, 40)
    const label = entry.toString('utf16le', 56, 128).replace(/\0.*$/s, '')
    if (first === undefined || last === undefined || last < first || last + sectorBytes > diskBytes)
      return refuse(`is cut off: partition ${JSON.stringify(label)} lies outside of it`)
    partitions.push({
      label,
      type: guidText(entry),
      uuid: guidText(entry.subarray(16)),
      offsetBytes: first,
      sizeBytes: last - first + sectorBytes,
    })
  }
  return { ok: true, diskUuid: guidText(header.subarray(56)), partitions }
}

function sectorsToBytes(bytes: Buffer, at: number): number | undefined {
  const sectors = bytes.readBigUInt64LE(at)
  return sectors < 2n ** 43n ? Number(sectors) * sectorBytes : undefined
}
