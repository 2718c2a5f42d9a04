import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  DerError,
  der,
  derTags,
  expectTag,
  integer,
  oid,
  readElement,
  readElements,
  sequence,
  setOf,
  time,
  within,
} from './der.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

describe('DER', () => {
  test('integers take as few bytes as they can, and are never negative by accident', () => {
    assert.equal(hex(integer(0)), '020100')
    assert.equal(hex(integer(127)), '02017f')
    assert.equal(hex(integer(128)), '02020080')
    assert.equal(hex(integer(16384)), '02024000')
    assert.equal(hex(integer(Buffer.from('000001', 'hex'))), '020101')
    assert.equal(hex(integer(Buffer.from('ff', 'hex'))), '020200ff')
  })

  test('object identifiers with large arcs', () => {
    assert.equal(hex(oid('1.2.840.113549')), '06062a864886f70d')
    assert.equal(hex(oid('1.3.6.1.4.1.311.2.1.4')), '060a2b060104018237020104')
  })

  test('long lengths', () => {
    assert.equal(hex(der(4, Buffer.alloc(127))).slice(0, 4), '047f')
    assert.equal(hex(der(4, Buffer.alloc(128))).slice(0, 6), '048180')
    assert.equal(hex(der(4, Buffer.alloc(65_536))).slice(0, 10), '0483010000')
  })

  test('times before and after 2050', () => {
    assert.equal(time(Date.UTC(2026, 0, 2)).toString('latin1', 2), '260102000000Z')
    assert.equal(time(Date.UTC(2050, 0, 2)).toString('latin1', 2), '20500102000000Z')
  })

  test('a set is sorted by its bytes', () => {
    assert.equal(hex(setOf(integer(2), integer(1))), '3106020101020102')
  })

  test('what was written is read', () => {
    const [first, second] = within(
      readElement(sequence(integer(5), der(derTags.octetString, Buffer.alloc(300)))),
      derTags.sequence,
    )
    assert.equal(hex(expectTag(first, derTags.integer).content), '05')
    assert.equal(second?.content.length, 300)
  })

  for (const [what, bytes] of [
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a length that lies', '3005020101'],
    ['a length of four gigabytes', '3084ffffffff00'],
    ['a length of eight bytes', '30880000000000000001'],
    ['an endless length', '30800000'],
    ['a long tag', '1f8101'],
    ['half a length', '308201'],
  ] as const)
    test(`refuses ${what}`, () => {
      assert.throws(() => readElement(Buffer.from(bytes, 'hex')), DerError)
    })

  test('refuses more elements than it is told to expect', () => {
    assert.throws(() => readElements(Buffer.alloc(200, Buffer.from('0500', 'hex')), 64), DerError)
  })
})
