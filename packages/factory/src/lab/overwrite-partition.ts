import { closeSync, openSync, writeSync } from 'node:fs'
import { openDiskFile } from './disk-view.ts'
import { readPartitionTable } from './partition-table.ts'

/** Puts other bytes into a partition of a raw disk that no machine runs from: how a test breaks one. */
export function overwritePartition(
  file: string,
  label: string,
  { offset, bytes }: { readonly offset: number; readonly bytes: Uint8Array },
): void {
  using disk = openDiskFile(file)
  const table = readPartitionTable(disk)
  if (!table.ok) throw new Error(`${file}: ${table.message}`)
  const partition = table.partitions.find((each) => each.label === label)
  if (partition === undefined) {
    const labels = table.partitions.map((each) => each.label).join(', ')
    throw new Error(`${file}: has no partition ${label}, only ${labels}`)
  }
  if (offset < 0 || offset + bytes.length > partition.sizeBytes)
    throw new RangeError(
      `${file}: bytes ${offset} to ${offset + bytes.length} of ${label}, which has ${partition.sizeBytes}`,
    )
  const fd = openSync(file, 'r+')
  try {
    writeSync(fd, bytes, 0, bytes.length, partition.offset + offset)
  } finally {
    closeSync(fd)
  }
}

/** Flips the bits of one byte: the smallest damage that there is. */
export function flipByte(file: string, label: string, offset: number): void {
  using disk = openDiskFile(file)
  const table = readPartitionTable(disk)
  const partition = table.ok ? table.partitions.find((each) => each.label === label) : undefined
  const bytes = Buffer.alloc(1)
  if (partition !== undefined && offset < partition.sizeBytes)
    bytes[0] = disk.read(partition.offset + offset, 1)[0]! ^ 0xff
  overwritePartition(file, label, { offset, bytes })
}
