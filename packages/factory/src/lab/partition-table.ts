import { crc32 } from 'node:zlib'
import type { DiskView } from './disk-view.ts'
import { diskLimits } from './limits.ts'

export type Partition = {
  readonly label: string
  /** As the table writes it: the first three groups little-endian. */
  readonly typeUuid: string
  readonly offset: number
  readonly sizeBytes: number
}

export type PartitionTableResult =
  | {
      readonly ok: true
      readonly partitions: readonly Partition[]
      /** The first copy is broken and the one at the end was taken. */
      readonly isFromBackup: boolean
    }
  | { readonly ok: false; readonly message: string }

const blockBytes = 512
const signature = 'EFI PART'

/** Reads a GUID partition table, from its copy at the end of the disk if the first is broken. */
export function readPartitionTable(disk: DiskView): PartitionTableResult {
  const first = readCopy(disk, 1)
  if (first.ok) return { ...first, isFromBackup: false }
  const backup = readCopy(disk, Math.floor(disk.sizeBytes / blockBytes) - 1)
  if (backup.ok) return { ...backup, isFromBackup: true }
  return {
    ok: false,
    message: `no partition table: ${first.message}; copy at the end: ${backup.message}`,
  }
}

type CopyResult =
  | { readonly ok: true; readonly partitions: readonly Partition[] }
  | { readonly ok: false; readonly message: string }

function readCopy(disk: DiskView, block: number): CopyResult {
  const bad = (message: string): CopyResult => ({ ok: false, message })
  if (block < 1 || (block + 1) * blockBytes > disk.sizeBytes) return bad('the disk is too small')
  const header = disk.read(block * blockBytes, blockBytes)
  if (header.toString('latin1', 0, 8) !== signature) return bad('no header')
  const headerBytes = header.readUInt32LE(12)
  if (headerBytes < 92 || headerBytes > blockBytes) return bad(`header of ${headerBytes} bytes`)
  const plain = Buffer.from(header.subarray(0, headerBytes))
  plain.writeUInt32LE(0, 16)
  if (crc32(plain) !== header.readUInt32LE(16)) return bad('checksum of the header')
  const [count, entryBytes] = [header.readUInt32LE(80), header.readUInt32LE(84)]
  const tableBytes = count * entryBytes
  const start = Number(header.readBigUInt64LE(72)) * blockBytes
  if (entryBytes < 128 || tableBytes > diskLimits.partitionTableBytesMax)
    return bad(`${count} entries of ${entryBytes} bytes`)
  if (start + tableBytes > disk.sizeBytes) return bad('the table lies behind the end')
  const table = disk.read(start, tableBytes)
  if (crc32(table) !== header.readUInt32LE(88)) return bad('checksum of the table')
  return partitionsOf(table, entryBytes, disk.sizeBytes)
}

function partitionsOf(table: Buffer, entryBytes: number, diskBytes: number): CopyResult {
  const partitions: Partition[] = []
  for (let at = 0; at + entryBytes <= table.length; at += entryBytes) {
    const typeUuid = table.toString('hex', at, at + 16)
    if (/^0+$/.test(typeUuid)) continue
    const first = Number(table.readBigUInt64LE(at + 32))
    const last = Number(table.readBigUInt64LE(at + 40))
    const label = table.toString('utf16le', at + 56, at + 128).replace(/\0.*$/s, '')
    if (first > last || (last + 1) * blockBytes > diskBytes)
      return { ok: false, message: `partition ${label} lies behind the end of the disk` }
    const sizeBytes = (last - first + 1) * blockBytes
    partitions.push({ label, typeUuid, offset: first * blockBytes, sizeBytes })
    if (partitions.length > diskLimits.partitionsMax)
      return { ok: false, message: `more than ${diskLimits.partitionsMax} partitions` }
  }
  return { ok: true, partitions }
}
