import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** A partition of a test's disk; its name is the GPT label. */
export type TestPartition = {
  readonly label: string
  readonly sizeBytes: number
  readonly content?: Uint8Array
}

const sectorBytes = 512
const firstSector = 2048
const entryBytes = 128
const entries = 128
/** "Linux filesystem" as it stands on the disk. */
const linuxType = Buffer.from('af3dc60f838472478e793d69d8477de4', 'hex')

/** Writes a raw disk with these partitions, sparse; gives where each begins, in bytes. */
export function writeGptDisk(file: string, partitions: readonly TestPartition[]): number[] {
  const table = Buffer.alloc(entries * entryBytes)
  const offsets: number[] = []
  let sector = firstSector
  for (const [index, { label, sizeBytes }] of partitions.entries()) {
    const entry = table.subarray(index * entryBytes)
    const sectors = Math.ceil(sizeBytes / sectorBytes / firstSector) * firstSector
    linuxType.copy(entry, 0)
    entry.fill(index + 1, 16, 32)
    entry.writeBigUInt64LE(BigInt(sector), 32)
    entry.writeBigUInt64LE(BigInt(sector + sectors - 1), 40)
    entry.write(label, 56, 'utf16le')
    offsets.push(sector * sectorBytes)
    sector += sectors
  }
  const last = sector + firstSector - 1
  const disk = openSync(file, 'w')
  try {
    ftruncateSync(disk, (last + 1) * sectorBytes)
    writeSync(disk, protectiveRecord(last), 0, sectorBytes, 0)
    writeSync(
      disk,
      header(table, { at: 1, other: last, table: 2, last }),
      0,
      sectorBytes,
      sectorBytes,
    )
    writeSync(disk, table, 0, table.length, 2 * sectorBytes)
    const backup = last - table.length / sectorBytes
    writeSync(disk, table, 0, table.length, backup * sectorBytes)
    const second = header(table, { at: last, other: 1, table: backup, last })
    writeSync(disk, second, 0, sectorBytes, last * sectorBytes)
    for (const [index, { content }] of partitions.entries()) {
      if (content) writeSync(disk, content, 0, content.length, offsets[index]!)
    }
  } finally {
    closeSync(disk)
  }
  return offsets
}

function protectiveRecord(last: number): Buffer {
  const record = Buffer.alloc(sectorBytes)
  record[450] = 0xee
  record.writeUInt32LE(1, 454)
  record.writeUInt32LE(last, 458)
  record.writeUInt16BE(0x55aa, 510)
  return record
}

type HeaderPlaces = { at: number; other: number; table: number; last: number }

function header(table: Buffer, places: HeaderPlaces): Buffer {
  const bytes = Buffer.alloc(sectorBytes)
  bytes.write('EFI PART', 0, 'latin1')
  bytes.writeUInt32LE(0x10000, 8)
  bytes.writeUInt32LE(92, 12)
  bytes.writeBigUInt64LE(BigInt(places.at), 24)
  bytes.writeBigUInt64LE(BigInt(places.other), 32)
  bytes.writeBigUInt64LE(BigInt(firstSector), 40)
  bytes.writeBigUInt64LE(BigInt(places.last - table.length / sectorBytes - 1), 48)
  bytes.fill(7, 56, 72)
  bytes.writeBigUInt64LE(BigInt(places.table), 72)
  bytes.writeUInt32LE(entries, 80)
  bytes.writeUInt32LE(entryBytes, 84)
  bytes.writeUInt32LE(crc32(table), 88)
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16)
  return bytes
}
