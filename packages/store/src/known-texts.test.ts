import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KeptText } from './kept-text.ts'
import { createKnownTexts } from './known-texts.ts'

const row = (name: string) => ({ resource: 'sites.skerry.dev', namespace: 'default', name })
const kept = (length: number) => new KeptText('x'.repeat(length))

test('what was used last stays, within both bounds', () => {
  const known = createKnownTexts({ textsMax: 2, charactersMax: 100 })
  known.set(row('a'), 1, kept(10))
  known.set(row('b'), 2, kept(10))
  assert.equal(known.get(row('a'))?.version, 1)
  known.set(row('c'), 3, kept(10))
  assert.equal(known.get(row('b')), undefined)
  assert.equal(known.get(row('a'))?.version, 1)
  known.set(row('c'), 4, kept(25))
  known.set(row('a'), 5, kept(25))
  assert.equal(known.get(row('c'))?.version, 4)
  known.delete(row('c'))
  known.delete(row('c'))
  assert.equal(known.get(row('c')), undefined)
})

test('what is long does not push out everything else', () => {
  const known = createKnownTexts({ textsMax: 9, charactersMax: 100 })
  known.set(row('a'), 1, kept(25))
  known.set(row('b'), 2, kept(26))
  assert.equal(known.get(row('b')), undefined)
  // A newer version that is too long to be known leaves no older one behind.
  known.set(row('a'), 3, kept(99))
  assert.equal(known.get(row('a')), undefined)
  known.set(row('__proto__'), 4, kept(1))
  assert.equal(known.get(row('__proto__'))?.version, 4)
})

test('the bound on characters counts all', () => {
  const known = createKnownTexts({ textsMax: 99, charactersMax: 100 })
  for (let n = 0; n < 10; n += 1) known.set(row(`r${n}`), n, kept(20))
  const left = Array.from({ length: 10 }, (_, n) => known.get(row(`r${n}`))?.version)
  assert.deepEqual(left, [...Array(5).fill(undefined), 5, 6, 7, 8, 9])
})
