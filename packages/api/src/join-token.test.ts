import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import {
  formatJoinToken,
  joinTokenCredential,
  parseJoinCredential,
  parseJoinToken,
} from './join-token.ts'

const token = { name: 'shops.north', secret: 'a1'.repeat(20), authorityDigest: 'c'.repeat(64) }

test('a token is read back as it was written, dots in its name and spaces around it included', () => {
  assert.deepEqual(parseJoinToken(` ${formatJoinToken(token)}\n`), { ok: true, token })
  assert.deepEqual(parseJoinCredential(joinTokenCredential(token)), {
    name: token.name,
    secret: token.secret,
  })
})

test('what is no token is refused', () => {
  for (const text of ['', '.', '..', 'a.b.c', `${formatJoinToken(token)}0`, 'x'.repeat(100_000)])
    assert.equal(parseJoinToken(text).ok, false, text.slice(0, 20))
  const { secret } = token
  for (const text of [
    '',
    'x',
    `.${secret}`,
    `../x.${secret}`,
    `A.${secret}`,
    `a.${'x'.repeat(9999)}`,
  ])
    assert.equal(parseJoinCredential(text), undefined, text.slice(0, 20))
})
