import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareVersions } from './version-order.ts'

/** Each line from old to new, as the specification's examples are. */
const orders = [
  ['122.1', '123~rc1-1', '123', '123-a', '123-a.1', '123-1', '123-1.1', '123^post1', '123.a-1'],
  ['123.a-1', '123.1-1', '123a-1', '124-1'],
  ['1.0~alpha', '1.0~rc1', '1.0', '1.0.1', '1.1', '1.10', '2.0', '10.0'],
  ['20261121.0009', '20261121.10', '20261122.1'],
  ['', 'a', '0', '1'],
  ['99999999999999999999998', '99999999999999999999999'],
]

test('versions sort as the specification says', () => {
  for (const order of orders)
    for (const [index, older] of order.entries())
      for (const newer of order.slice(index + 1)) {
        assert.ok(compareVersions(older, newer) < 0, `${older} is older than ${newer}`)
        assert.ok(compareVersions(newer, older) > 0, `${newer} is newer than ${older}`)
      }
})

test('leading zeros and characters that count for nothing make no difference', () => {
  for (const [left, right] of [
    ['1.002', '1.2'],
    ['123_a', '123a'],
    ['+1.0', '1.0'],
    ['1.0', '1.0'],
  ] as const)
    assert.equal(compareVersions(left, right), 0, `${left} and ${right}`)
})

test('hostile versions come to an end', () => {
  const hostile = ['~'.repeat(5000), '-^.~'.repeat(3000), '\u0000', '0'.repeat(10_000), 'é-ß']
  for (const left of hostile)
    for (const right of hostile) assert.ok(Number.isInteger(compareVersions(left, right)))
})
