import { strict as assert } from 'node:assert'
import { mkdtemp, rm } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { systemClock } from '@skerry/base/clock'
import { namespaceKind, secretKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { verifyEnvelope } from '@skerry/artifact/dsse'
import { acceptTrustedKeys } from '@skerry/artifact/trusted-keys'
import { createMemoryState } from '@skerry/store/memory-state'
import { createApiToken } from '@skerry/artifact/create-api-token'
import { authenticateBearer } from './api-tokens.ts'
import { createAuthenticator } from './authenticate.ts'
import type { CertificateFacts } from './certificate-facts.ts'
import { oneTimeCodeLifeMs, sessionLifeMs, signingKeyWaitMs } from './limits.ts'
import { createOneTimeCodes } from './one-time-codes.ts'
import { createSealer } from './sealer.ts'
import { openSessions } from './sessions.ts'
import { openSigningKeys } from './signing-keys.ts'
import { audienceless, createTokenReview } from './token-authenticator.ts'

let dir: string
let nowMs = Date.parse('2026-11-21T12:00:00Z')
const clock = { now: () => nowMs, monotonicMs: () => nowMs }
const admin = { name: 'ada', groups: ['system:masters'] }
const known = { name: 'ada', groups: ['system:masters', 'system:authenticated'] }

const reviewIn = (state: State) =>
  createTokenReview({
    sources: [
      audienceless(
        () => ['hub'],
        (token) => authenticateBearer(state, token, nowMs),
      ),
    ],
    ownAudiences: () => ['hub'],
  })

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-keys-'))
})
after(() => rm(dir, { recursive: true, force: true }))

test('a new signing key is trusted first, signs later, and the old one can be withdrawn', async () => {
  const keys = await openSigningKeys({ dir, clock })
  const held = { version: 1, keys: keys.trusted() }
  const oldSpec = keys.sign('t', Buffer.from('old'))
  await keys.rotate()
  assert.equal(keys.trusted().length, 2)
  // Nobody has heard of the new key yet, so what is signed now still verifies everywhere.
  assert.ok(verifyEnvelope(keys.sign('t', Buffer.from('x')), held.keys, 't').ok)
  nowMs += signingKeyWaitMs
  const newSpec = keys.sign('t', Buffer.from('new'))
  assert.equal(verifyEnvelope(newSpec, held.keys, 't').ok, false)
  const next = acceptTrustedKeys(held, keys.trustedSet())
  assert.ok(next.ok)
  assert.ok(verifyEnvelope(newSpec, next.set.keys, 't').ok)
  assert.ok(verifyEnvelope(oldSpec, next.set.keys, 't').ok)
  const again = await openSigningKeys({ dir, clock })
  assert.deepEqual(again.trusted(), keys.trusted())
  await again.withdrawOld()
  const last = acceptTrustedKeys(next.set, again.trustedSet())
  assert.ok(last.ok)
  assert.equal(verifyEnvelope(oldSpec, last.set.keys, 't').ok, false)
  assert.ok(verifyEnvelope(newSpec, last.set.keys, 't').ok)
  await again.rotate({ atOnce: true })
  assert.notEqual(again.current().keyid, last.set.keys[0]?.keyid)
})

test('what is sealed opens in its place only, also after a rotation, and not without its key', async () => {
  const sealer = await createSealer({ dir })
  const sealed = sealer.seal('p\u00e4ss\u0000word', 'default/one')
  assert.ok(sealer.isSealed(sealed))
  assert.ok(!sealed.includes('word'))
  assert.notEqual(sealer.seal('p\u00e4ss\u0000word', 'default/one'), sealed)
  assert.equal(sealer.open(sealed, 'default/one'), 'p\u00e4ss\u0000word')
  assert.throws(() => sealer.open(sealed, 'default/two'))
  await sealer.rotate()
  assert.equal(sealer.isCurrent(sealed), false)
  const again = await createSealer({ dir })
  assert.equal(again.open(sealed, 'default/one'), 'p\u00e4ss\u0000word')
  assert.ok(again.isCurrent(again.seal('x')))
  const stranger = await createSealer({ dir: join(dir, 'other') })
  assert.throws(() => stranger.open(sealed, 'default/one'), /restore it/)
  for (const bad of [
    '',
    'x',
    sealed.replace(/.{8}$/, 'AAAAAAAA'),
    sealed.slice(0, -8),
    'skerry-sealed:v1:',
  ])
    assert.throws(() => sealer.open(bad, 'default/one'))
})

test('a session is who it says until it ends, in any hub with the key; a forged one is nobody', async () => {
  const sessions = await openSessions({ dir, clock })
  const cookie = sessions.cookieFor(admin)
  assert.match(cookie, /HttpOnly; Secure; SameSite=Strict/)
  const header = `other=1; ${cookie.split(';')[0]}`
  assert.deepEqual((await openSessions({ dir, clock })).identityOf(header), admin)
  const forged = Buffer.from(JSON.stringify({ ...admin, untilMs: 9e15 })).toString('base64url')
  const mac = header.split('.')[1]!
  for (const bad of [
    undefined,
    '',
    '__Host-skerry=',
    '__Host-skerry=.',
    `__Host-skerry=${forged}.${mac}`,
    `__Host-skerry=${forged}`,
    `x${header.slice(9)}`,
    `__Host-skerry=${'A'.repeat(100_000)}`,
  ])
    assert.equal(sessions.identityOf(bad), undefined)
  nowMs += sessionLifeMs
  assert.equal(sessions.identityOf(header), undefined)
})

test('a one-time code lets in once, not late, and old ones make room', () => {
  const codes = createOneTimeCodes(clock)
  const code = codes.mint(admin)
  assert.equal(codes.redeem('x'), undefined)
  assert.deepEqual(codes.redeem(code), admin)
  assert.equal(codes.redeem(code), undefined)
  const late = codes.mint(admin)
  nowMs += oneTimeCodeLifeMs
  assert.equal(codes.redeem(late), undefined)
  const first = codes.mint(admin)
  for (let count = 0; count < 100; count += 1) codes.mint(admin)
  assert.equal(codes.redeem(first), undefined)
})

test('bearer tokens, cookies and certificates say who asks; what is wrong says nobody', async () => {
  await using state = createMemoryState({ clock: systemClock, random: seededRandom(1) })
  if ((await state.get(namespaceKind, { name: 'skerry-system' })) === undefined)
    await state.create(namespaceKind, { metadata: { name: 'skerry-system' } })
  const sessions = await openSessions({ dir, clock })
  const token = await createApiToken(state, { ...admin, expiresAtMs: nowMs + 1000 })
  const stored = JSON.stringify(await state.list(secretKind))
  const secret = token.split('_')[2]!
  assert.ok(!stored.includes(secret))
  assert.ok(!stored.includes(Buffer.from(secret).toString('base64').slice(0, 20)))
  const authenticate = createAuthenticator({
    authority: { factsOf: () => assert.fail('no certificate was shown') },
    sessions,
    reviewToken: reviewIn(state),
    clock,
  })
  const ask = (headers: Record<string, string>, method = 'GET') =>
    authenticate({ method, headers, socket: {} as Socket })
  const basic = Buffer.from(`x:${token}`).toString('base64')
  assert.deepEqual(await ask({ authorization: `Bearer ${token}` }), known)
  assert.deepEqual(await ask({ authorization: `Basic ${basic}` }), known)
  const cookie = sessions.cookieFor(admin).split(';')[0]!
  assert.deepEqual(await ask({ cookie }), known)
  assert.equal(await ask({ cookie }, 'POST'), undefined)
  assert.deepEqual(await ask({ cookie, 'x-skerry-console': '1' }, 'DELETE'), known)
  assert.equal(await ask({}), undefined)
  for (const authorization of [
    'Bearer',
    'Bearer x',
    `Bearer ${token.slice(0, -1)}${token.endsWith('0') ? '1' : '0'}`,
    `Bearer ${token}x`,
    'Basic !!!',
    `Digest ${token}`,
    `Bearer ${'x'.repeat(100_000)}`,
  ])
    assert.equal(await ask({ authorization, cookie }), undefined)
  assert.equal(await authenticateBearer(state, token, nowMs + 1000), undefined)
})

test('a page of another origin cannot use the certificate that a browser holds', async () => {
  const facts: CertificateFacts = {
    isFromAuthority: true,
    isForClients: true,
    notBeforeMs: 0,
    notAfterMs: Infinity,
    serialNumber: '1',
    publicKeyDigest: '',
    fingerprint: 'ab12',
    commonName: admin.name,
    organizations: admin.groups,
    identity: undefined,
  }
  const sessions = await openSessions({ dir, clock })
  const authenticate = createAuthenticator({
    authority: { factsOf: () => facts },
    sessions,
    reviewToken: () => assert.fail('no token was shown'),
    clock,
  })
  const shown = {
    ...known,
    extra: { 'authentication.kubernetes.io/credential-id': ['X509SHA256=ab12'] },
  }
  const socket = { getPeerX509Certificate: () => ({}) } as unknown as Socket
  const ask = (method: string, site?: string) =>
    authenticate({
      method,
      headers: site === undefined ? {} : { 'sec-fetch-site': site },
      socket,
    })
  for (const site of [undefined, 'none', 'same-origin'])
    assert.deepEqual(await ask('POST', site), shown, site)
  for (const site of ['cross-site', 'same-site']) {
    assert.equal(await ask('POST', site), undefined, site)
    assert.equal(await ask('DELETE', site), undefined, site)
  }
  assert.deepEqual(await ask('GET', 'cross-site'), shown, 'its answer is nobody else’s to read')
})
