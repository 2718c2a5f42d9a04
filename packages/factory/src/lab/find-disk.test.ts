import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { findDisk } from './find-disk.ts'

test('a disk is known by its content, in a directory by its name', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'disk-test-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const put = (name: string, size: number, offset: number, text: string) => {
    const bytes = Buffer.alloc(size)
    bytes.write(text, offset, 'latin1')
    writeFileSync(join(directory, name), bytes)
    return join(directory, name)
  }
  assert.equal((await findDisk(put('a', 2048, 512, 'EFI PART'))).format, 'raw')
  assert.equal((await findDisk(put('b', 2048, 0, 'QFI\u00FB'))).format, 'qcow2')
  assert.equal((await findDisk(put('c', 2048, 1536, 'conectix'))).format, 'vpc')
  await assert.rejects(findDisk(put('d', 0, 0, '')), /is no disk image/)
  await assert.rejects(findDisk(join(directory, 'e')), /no such file/)
  mkdirSync(join(directory, 'out'))
  await assert.rejects(findDisk(join(directory, 'out')), /image build --disk raw/)
  put('out/disk.raw', 2048, 512, 'EFI PART')
  assert.match((await findDisk(join(directory, 'out'))).file, /out\/disk\.raw$/)
})
