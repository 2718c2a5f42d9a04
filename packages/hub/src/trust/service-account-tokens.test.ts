import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { namespaceKind, secretKind } from '@skerry/api/kinds/core'
import { serviceAccountKind } from '@skerry/api/kinds/service-account'
import { systemClock } from '@skerry/base/clock'
import { seededRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { type ServiceAccountKeys, openServiceAccountKeys } from './service-account-keys.ts'
import { createServiceAccountTokens, signSecretToken } from './service-account-tokens.ts'
import { createTokenReview } from './token-authenticator.ts'

const hub = 'https://hub.example.com'
let nowMs = Date.parse('2026-11-21T12:00:00Z')
const clock = { now: () => nowMs }
const random = seededRandom(1)
const state = createMemoryState({ clock: systemClock, random })
let directory: string
let keys: ServiceAccountKeys
let uid: string

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skerry-account-keys-'))
  keys = await openServiceAccountKeys({ dir: directory })
  if ((await state.get(namespaceKind, { name: 'shops' })) === undefined)
    await state.create(namespaceKind, { metadata: { name: 'shops' } })
  const account = await state.create(serviceAccountKind, {
    metadata: { name: 'till', namespace: 'shops' },
  })
  uid = account.metadata.uid
})
after(async () => {
  await state[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

const tokensOf = (signing: ServiceAccountKeys, issuers = [hub]) =>
  createServiceAccountTokens({ keys: signing, state, clock, random, issuers: () => issuers })
const reviewOf = (signing = keys) =>
  createTokenReview({ sources: [tokensOf(signing).source], ownAudiences: () => [hub] })
const mint = async (change: object = {}, signing = keys, issuers = [hub]) => {
  const order = {
    namespace: 'shops',
    account: { name: 'till', uid },
    audiences: [hub],
    seconds: 600,
    ...change,
  }
  return (await tokensOf(signing, issuers).mint(order)).token
}
const reasonOf = async (token: string) => {
  const verdict = await reviewOf()(token)
  return verdict.ok ? 'good' : verdict.reason
}

test('a token is good for its time, with ten seconds for clocks that differ', async () => {
  const token = await mint()
  assert.equal(await reasonOf(token), 'good')
  nowMs += 609_000
  assert.equal(await reasonOf(token), 'good')
  nowMs += 2_000
  assert.equal(await reasonOf(token), 'service account token has expired')
  nowMs -= 611_000
  nowMs -= 9_000
  assert.equal(await reasonOf(token), 'good')
  nowMs -= 2_000
  assert.equal(await reasonOf(token), 'service account token is not valid yet')
  nowMs += 11_000
})

test('a token is for its audience and from its issuer', async () => {
  assert.equal(
    await reasonOf(await mint({ audiences: ['vault'] })),
    `token audiences ["vault"] is invalid for the target audiences ["${hub}"]`,
  )
  assert.match(await reasonOf(await mint({ audiences: [] })), /^token audiences \[\] is invalid/)
  assert.equal(await reasonOf(await mint({}, keys, ['https://other.example.com'])), '')
  const older = tokensOf(keys, ['https://new.example.com', hub])
  assert.equal((await older.source(await mint(), [hub]))?.ok, true)
})

test('a token dies with its account and its secret, also when others of their names come', async () => {
  assert.equal(
    await reasonOf(await mint({ account: { name: 'till', uid: 'another' } })),
    'service account token has been invalidated',
  )
  assert.equal(
    await reasonOf(await mint({ account: { name: 'nobody', uid } })),
    'service account token has been invalidated',
  )
  const key = { namespace: 'shops', name: 'bound' }
  const secret = await state.create(secretKind, { metadata: key })
  const bound = { secret: { name: 'bound', uid: secret.metadata.uid } }
  const token = await mint(bound)
  assert.equal(await reasonOf(token), 'good')
  await state.update(secretKind, {
    ...secret,
    metadata: { ...secret.metadata, finalizers: ['example.com/x'] },
  })
  await state.delete(secretKind, key)
  assert.equal(await reasonOf(token), 'service account token has been invalidated', 'it is going')
})

test('a token of another key, of none, or of a key that is no secret is refused', async () => {
  const stranger = await openServiceAccountKeys({ dir: join(directory, 'stranger') })
  const wrong = 'the signature of the token does not hold'
  assert.equal(await reasonOf(await mint({}, stranger)), wrong)
  const token = await mint()
  const [header, payload, signature] = token.split('.') as [string, string, string]
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string }
  const [jwk] = keys.keySet().keys
  const pem = createPublicKey({ key: jwk!, format: 'jwk' })
    .export({ type: 'spki', format: 'pem' })
    .toString()
  for (const alg of ['HS256', 'none', 'ES256', 'RS256', 'es256']) {
    const body = `${encode({ alg, kid })}.${payload}`
    const mac = createHmac('sha256', pem).update(body).digest('base64url')
    assert.equal(await reasonOf(`${body}.${mac}`), wrong, alg)
    assert.equal(await reasonOf(`${body}.`), wrong, alg)
  }
  for (const changed of [
    `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
    `${encode({ alg: 'ES256' })}.${payload}.${signature}`,
    `${encode({ alg: 'ES256', kid, crit: ['x'], x: 1 })}.${payload}.${signature}`,
    `${encode({ alg: 'ES256', kid, jwk })}.${payload}.${signature}`,
  ])
    assert.equal(await reasonOf(changed), wrong)
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const forged = encode({ ...claims, sub: 'system:serviceaccount:kube-system:admin' })
  assert.equal(await reasonOf(`${header}.${forged}.${signature}`), wrong)
})

test('garbage is nobody’s', async () => {
  const garbage = [
    '',
    '.',
    '..',
    'a.b.c',
    '{}.{}.{}',
    'x'.repeat(1_000_000),
    `${'a'.repeat(99)}.e30.x`,
  ]
  for (const token of [...garbage, `e30.${Buffer.from('[]').toString('base64url')}.x`])
    assert.equal(await reasonOf(token), '')
  const signed = await keys.sign({ iss: hub, exp: 9_999_999_999, aud: hub, 'kubernetes.io': 7 })
  assert.equal(await reasonOf(signed), 'the token names no service account')
  const empty = await keys.sign({
    iss: hub,
    exp: 9_999_999_999,
    aud: [hub],
    'kubernetes.io': { namespace: 'shops', serviceaccount: { name: '__proto__' } },
  })
  assert.equal(await reasonOf(empty), 'the token names no service account')
  assert.equal(
    await reasonOf(await keys.sign({ iss: hub, aud: hub })),
    'service account token has expired',
  )
})

test('a token that stands in a secret is good as long as it stands there', async () => {
  const key = { namespace: 'shops', name: 'held' }
  const token = await signSecretToken(keys, {
    namespace: 'shops',
    secretName: 'held',
    account: { name: 'till', uid },
  })
  const invalid = 'service account token has been invalidated'
  assert.equal(await reasonOf(token), invalid)
  const data = { token: Buffer.from(token).toString('base64') }
  const opaque = await state.create(secretKind, { metadata: key, data })
  assert.equal(await reasonOf(token), invalid, 'a secret of another type')
  await state.delete(secretKind, opaque.metadata)
  const metadata = { ...key, annotations: { 'kubernetes.io/service-account.name': 'till' } }
  const type = 'kubernetes.io/service-account-token'
  const secret = await state.create(secretKind, { metadata, type, data })
  assert.equal(await reasonOf(token), 'good')
  const verdict = await reviewOf()(token, ['vault'])
  assert.deepEqual(verdict, { ok: false, reason: 'the token is for this API only' })
  await state.update(secretKind, { ...secret, data: { token: 'AAAA' } })
  assert.equal(await reasonOf(token), invalid)
})

test('keys are for their owner alone, outlive a restart, and rotate', async () => {
  const dir = join(directory, 'ring')
  const first = await openServiceAccountKeys({ dir })
  const { mode } = await stat(join(dir, 'service-account-keys.json'))
  assert.equal(mode & 0o777, 0o600)
  const token = await first.sign({ a: 1 })
  await first.rotate()
  const again = await openServiceAccountKeys({ dir })
  assert.deepEqual(again.keySet(), first.keySet())
  assert.deepEqual(await again.verify(token), { a: 1 })
  for (let times = 0; times < 20; times += 1) await again.rotate()
  assert.equal(again.keySet().keys.length, 16)
  assert.equal(await again.verify(token), undefined)
  await again.withdrawOld()
  assert.equal(again.keySet().keys.length, 1)
  const stored = await readFile(join(dir, 'service-account-keys.json'), 'utf8')
  assert.ok(!JSON.stringify(again.keySet()).includes('"d"'))
  assert.match(stored, /BEGIN PRIVATE KEY/)
})
