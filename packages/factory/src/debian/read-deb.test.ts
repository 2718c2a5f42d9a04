import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readDeb } from './read-deb.ts'

const member = (name: string, text: string, size = text.length) =>
  `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(size).padEnd(10)}\`\n${text}${text.length % 2 === 1 ? '\n' : ''}`
const deb = (...members: string[]) => Buffer.from(`!<arch>\n${members.join('')}`, 'latin1')

test('control and data are found, padded or not, with their compression', () => {
  const file = deb(
    member('debian-binary', '2.0\n'),
    member('control.tar.zst/', 'abc'),
    member('data.tar.xz', 'defg'),
  )
  assert.deepEqual(
    [readDeb(file, 'control'), readDeb(file, 'data')].map((each) => [
      each.compression,
      each.bytes.toString(),
    ]),
    [
      ['zst', 'abc'],
      ['xz', 'defg'],
    ],
  )
  assert.equal(readDeb(deb(member('data.tar', 'x')), 'data').compression, '')
})

test('what is no package, is cut off or lies about a size throws', () => {
  assert.throws(() => readDeb(Buffer.from('PK'), 'data'), /not a Debian package/)
  assert.throws(() => readDeb(deb(member('data.tar', 'x', 1000)), 'data'), /cut off/)
  assert.throws(() => readDeb(deb(member('data.tar', 'x', -5)), 'data'), /without data|cut off/)
  assert.throws(() => readDeb(deb(member('debian-binary', '2.0\n')), 'data'), /without data/)
  assert.throws(() => readDeb(deb(member('data.tar.lz4', 'x')), 'data'), /without data/)
})
