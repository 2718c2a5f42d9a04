import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CpioEntry, cpioArchive } from './cpio-archive.ts'

const text = (data: string): CpioEntry => ({ type: 'file', data: Buffer.from(data), mode: 0o644 })

/** Reads an archive as the kernel does: by the sizes in the headers, padded to four bytes. */
function list(archive: Uint8Array): Map<string, { fields: number[]; data: string }> {
  const bytes = Buffer.from(archive)
  const found = new Map<string, { fields: number[]; data: string }>()
  for (let at = 0; ;) {
    assert.equal(bytes.toString('latin1', at, at + 6), '070701')
    const fields = Array.from({ length: 13 }, (_, index) =>
      Number.parseInt(bytes.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16),
    )
    const [dataBytes = 0, nameBytes = 0] = [fields[6], fields[11]]
    const name = bytes.toString('utf8', at + 110, at + 110 + nameBytes - 1)
    const start = Math.ceil((at + 110 + nameBytes) / 4) * 4
    if (name === 'TRAILER!!!') {
      assert.equal(start, bytes.length)
      return found
    }
    found.set(name, { fields, data: bytes.toString('latin1', start, start + dataBytes) })
    at = Math.ceil((start + dataBytes) / 4) * 4
  }
}

test('an archive is sorted, owned by root, without times, with every directory on the way', () => {
  const archive = cpioArchive(
    new Map<string, CpioEntry>([
      ['usr/bin/run', { type: 'file', data: Buffer.from('#!/bin/sh\n'), mode: 0o755 }],
      ['init', text('x')],
      ['bin', { type: 'link', to: 'usr/bin' }],
    ]),
  )
  const found = list(archive)
  assert.deepEqual([...found.keys()], ['bin', 'init', 'usr', 'usr/bin', 'usr/bin/run'])
  assert.deepEqual(
    [...found.values()].map(({ fields }) => fields[1]?.toString(8)),
    ['120777', '100644', '40755', '40755', '100755'],
  )
  assert.equal(found.get('bin')?.data, 'usr/bin')
  assert.equal(found.get('usr/bin/run')?.data, '#!/bin/sh\n')
  for (const { fields } of found.values()) assert.deepEqual(fields.slice(2, 6), [0, 0, 1, 0])
})

test('the order in which files are given does not matter', () => {
  const entries: [string, CpioEntry][] = [
    ['b/c', text('1')],
    ['a', text('22')],
    ['b-c', text('333')],
  ]
  const one = cpioArchive(new Map(entries))
  assert.deepEqual(cpioArchive(new Map(entries.toReversed())), one)
})

test('a path that does not stay in the archive is refused', () => {
  for (const path of ['', '/init', 'a//b', '../a', 'a/./b', 'TRAILER!!!', 'a\0b', 'a/']) {
    assert.throws(
      () => cpioArchive(new Map([[path, text('')]])),
      /cannot stand in an archive/,
      path,
    )
  }
})

test('a file below a link is refused: the kernel would put it elsewhere', () => {
  const entries = new Map<string, CpioEntry>([
    ['bin', { type: 'link', to: 'usr/bin' }],
    ['bin/sh', text('')],
  ])
  assert.throws(() => cpioArchive(entries), /"bin\/sh" lies below "bin", which is a link/)
})
