import { crc32 } from 'node:zlib'

const sectorBytes = 512
const tableBytes = 128 * 128

export type TestPartition = {
  readonly label: string
  readonly firstSector: number
  readonly sectors: number
}

/** Writes a partition table and its copy. */
export function writePartitionTable(disk: Buffer, partitions: readonly TestPartition[]): void {
  const table = Buffer.alloc(tableBytes)
  for (const [index, { label, firstSector, sectors }] of partitions.entries()) {
    const entry = table.subarray(index * 128)
    entry.fill(index + 1, 0, 32)
    entry.writeBigUInt64LE(BigInt(firstSector), 32)
    entry.writeBigUInt64LE(BigInt(firstSector + sectors - 1), 40)
    entry.write(label, 56, 'utf16le')
  }
  const last = disk.length / sectorBytes - 1
  for (const [at, tableAt] of [
    [1, 2],
    [last, last - tableBytes / sectorBytes],
  ] as const) {
    const header = Buffer.alloc(sectorBytes)
    header.write('EFI PART', 0, 'latin1')
    header.writeUInt32LE(0x10000, 8)
    header.writeUInt32LE(92, 12)
    header.writeBigUInt64LE(BigInt(at), 24)
    header.writeBigUInt64LE(BigInt(tableAt), 72)
    header.writeUInt32LE(128, 80)
    header.writeUInt32LE(128, 84)
    header.writeUInt32LE(crc32(table), 88)
    header.writeUInt32LE(crc32(header.subarray(0, 92)), 16)
    header.copy(disk, at * sectorBytes)
    table.copy(disk, tableAt * sectorBytes)
  }
}
