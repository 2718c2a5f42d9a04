import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { bytesView } from './disk-view.ts'
import { diskAfter } from './logged-disk.ts'
import { readWriteLog } from './write-log.ts'
import { type TestWrite, encodeWriteLog } from './testing/write-log-file.ts'

function withLog<T>(bytes: Buffer, act: (file: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'log-test-'))
  try {
    writeFileSync(join(directory, 'log'), bytes)
    return act(join(directory, 'log'))
  } finally {
    rmSync(directory, { recursive: true })
  }
}

const data = (sectors: number, value: number) => Buffer.alloc(sectors * 512, value)
const mib = 1 << 20
const writes: TestWrite[] = [
  { sector: 3, data: data(2, 1) },
  { flush: true },
  { sector: 2046, data: data(4, 2) },
  { sector: 4, data: data(1, 3) },
  { sector: 2047, sectors: 2, discard: true },
  { sector: 0, data: data(1, 4), durable: true },
]

test('each prefix of a log is the disk at that moment', () => {
  withLog(encodeWriteLog(writes), (file) => {
    using log = readWriteLog(file)
    const base = Buffer.alloc(3 * mib, 9)
    const expected = Buffer.from(base)
    for (const [index, write] of log.entries.entries()) {
      const before = diskAfter(bytesView(base), log, { entries: index })
      assert.ok(before.read(0, base.length).equals(expected), `before entry ${index}`)
      if (write.kind === 'write')
        log.read(write.position, write.sectors * 512).copy(expected, write.firstSector * 512)
      if (write.kind === 'discard')
        expected.fill(0, write.firstSector * 512, (write.firstSector + write.sectors) * 512)
    }
    const end = diskAfter(bytesView(base), log, { entries: log.entries.length })
    assert.ok(end.read(0, base.length).equals(expected))
    for (const [offset, length] of [
      [1500, 700],
      [mib - 700, 1500],
      [2047 * 512 + 5, 3],
      [0, 0],
    ] as const)
      assert.ok(end.read(offset, length).equals(expected.subarray(offset, offset + length)))
    assert.throws(() => end.read(3 * mib - 1, 2), RangeError)
  })
})

test('what was flushed or forced is never lost, the rest sometimes is, and a seed repeats itself', () => {
  withLog(encodeWriteLog(writes), (file) => {
    using log = readWriteLog(file)
    const base = bytesView(Buffer.alloc(3 * mib, 9))
    const seen = new Set<number>()
    for (let loseSeed = 1; loseSeed <= 50; loseSeed++) {
      const cut = { entries: log.entries.length, loseSeed }
      const disk = diskAfter(base, log, cut)
      assert.equal(disk.read(3 * 512, 1)[0], 1)
      assert.equal(disk.read(0, 1)[0], 4)
      seen.add(disk.read(4 * 512, 1)[0]!)
      assert.ok(disk.read(0, 3 * mib).equals(diskAfter(base, log, cut).read(0, 3 * mib)))
    }
    assert.deepEqual(seen, new Set([1, 3]))
  })
})

test('a name of content changes with the content, and only there', () => {
  withLog(encodeWriteLog(writes), (file) => {
    using log = readWriteLog(file)
    const base = bytesView(Buffer.alloc(3 * mib))
    const before = diskAfter(base, log, { entries: 0 })
    const after = before.after(log.entries[0]!)
    assert.notEqual(before.contentName(0, 512), after.contentName(0, 512))
    assert.equal(before.contentName(mib, mib), after.contentName(mib, mib))
  })
})

test('what is no log, a cut one, and one that lies are refused', () => {
  const good = encodeWriteLog(writes)
  const lying = Buffer.from(good)
  lying.writeBigUInt64LE(2n ** 60n, 512 + 8)
  const many = Buffer.from(good)
  many.writeBigUInt64LE(2n ** 40n, 16)
  for (const [bytes, message] of [
    [Buffer.alloc(10), /no write log/],
    [Buffer.alloc(1024), /wrong magic/],
    [good.subarray(0, 1024), /the log is cut/],
    [lying, /is on no disk/],
    [many, /at most/],
  ] as const)
    withLog(bytes as Buffer, (file) => assert.throws(() => readWriteLog(file), message))
})
