import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesView } from './disk-view.ts'
import { flipByte, overwritePartition } from './overwrite-partition.ts'
import { readPartitionTable } from './partition-table.ts'
import { writePartitionTable } from './testing/test-disk.ts'

const partitions = [
  { label: 'esp', firstSector: 64, sectors: 100 },
  { label: 'slot-a', firstSector: 200, sectors: 50 },
]

function createDisk(): Buffer {
  const disk = Buffer.alloc(512 * 1024)
  writePartitionTable(disk, partitions)
  return disk
}

test('partitions are found by label, in the copy at the end too', () => {
  const disk = createDisk()
  const first = readPartitionTable(bytesView(disk))
  assert.ok(first.ok && !first.isFromBackup)
  assert.deepEqual(
    first.partitions.map(({ label, offset, sizeBytes }) => ({ label, offset, sizeBytes })),
    partitions.map(({ label, firstSector, sectors }) => ({
      label,
      offset: firstSector * 512,
      sizeBytes: sectors * 512,
    })),
  )
  // One bit of an entry: the checksum notices.
  disk[1024 + 40]! ^= 1
  const second = readPartitionTable(bytesView(disk))
  assert.ok(second.ok && second.isFromBackup)
})

test('any damage is an answer', () => {
  const disk = createDisk()
  for (let at = 512; at < 2048; at += 3) {
    const damaged = Buffer.from(disk)
    damaged[at]! ^= 0xff
    damaged.fill(0, disk.length - 512)
    readPartitionTable(bytesView(damaged))
  }
  for (const size of [0, 1, 511, 512, 1024, 1025])
    assert.equal(readPartitionTable(bytesView(disk.subarray(0, size))).ok, false)
  const beyond = Buffer.alloc(64 * 1024)
  writePartitionTable(beyond, [{ label: 'x', firstSector: 40, sectors: 10_000 }])
  const result = readPartitionTable(bytesView(beyond))
  assert.match(result.ok ? '' : result.message, /partition x lies behind the end/)
})

test('bytes go into the partition that is named, and nowhere else', () => {
  const directory = mkdtempSync(join(tmpdir(), 'table-test-'))
  const file = join(directory, 'disk')
  try {
    const disk = createDisk()
    writeFileSync(file, disk)
    overwritePartition(file, 'slot-a', { offset: 10, bytes: Buffer.from('wrong') })
    flipByte(file, 'esp', 0)
    disk.write('wrong', 200 * 512 + 10)
    disk[64 * 512] = 0xff
    assert.ok(readFileSync(file).equals(disk))
    const put = (label: string, offset: number) => () =>
      overwritePartition(file, label, { offset, bytes: Buffer.alloc(2) })
    assert.throws(put('slot-b', 0), /has no partition slot-b, only esp, slot-a/)
    assert.throws(put('slot-a', 50 * 512 - 1), /bytes 25599 to 25601 of slot-a, which has 25600/)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
