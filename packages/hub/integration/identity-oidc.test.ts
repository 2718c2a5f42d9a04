import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { createLog } from '@skerry/base/log'
import { UnsecuredJWT, type JWTPayload } from 'jose'
import { createOidcTokens } from '../src/trust/oidc/oidc-tokens.ts'
import { fetchJson } from '../src/trust/oidc/fetch-json.ts'
import { type IdentityRig, openIdentityRig } from './identity-rig.ts'
import { type OidcRig, openOidcRig } from './oidc-issuer-rig.ts'

const selfReviews = '/apis/authentication.k8s.io/v1/selfsubjectreviews'

describe('tokens of a provider of identities', () => {
  let directory: string
  let issuer: OidcRig
  let rig: IdentityRig
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'skerry-oidc-test-'))
    issuer = await openOidcRig()
    const caFile = join(directory, 'ca.crt')
    await writeFile(caFile, issuer.authority)
    rig = await openIdentityRig({
      oidc: {
        issuerUrl: issuer.url,
        clientId: 'hub',
        usernameClaim: 'sub',
        usernamePrefix: undefined,
        groupsClaim: 'groups',
        groupsPrefix: 'oidc:',
        caFile,
      },
    })
  })
  after(async () => {
    await rig[Symbol.asyncDispose]()
    await issuer[Symbol.asyncDispose]()
    await rm(directory, { recursive: true })
  })

  const whoami = async (token: string) => {
    const { code, body } = await rig.ask('POST', selfReviews, { token, body: {} })
    const { userInfo } = (body['status'] ?? {}) as { userInfo?: Record<string, unknown> }
    return code === 201 ? userInfo : code
  }

  it('name users and groups, with prefixes', async () => {
    const token = await issuer.token({ groups: ['dev', 'ops'], jti: 'j-1' })
    assert.deepEqual(await whoami(token), {
      username: `${issuer.url}#u-1`,
      groups: ['oidc:dev', 'oidc:ops', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=j-1'] },
    })
    const one = (await whoami(await issuer.token({ groups: 'dev' }))) as { groups: string[] }
    assert.deepEqual(one.groups, ['oidc:dev', 'system:authenticated'])
    const many = { aud: ['other', 'hub'] }
    assert.equal(typeof (await whoami(await issuer.token(many))), 'object')
  })

  const now = () => Math.floor(systemClock.now() / 1000)
  const refused: [why: string, claims: () => JWTPayload][] = [
    ['expired', () => ({ exp: now() - 11 })],
    ['without an end', () => ({ exp: undefined }) as never],
    ['of the future', () => ({ nbf: now() + 60 })],
    ['for another', () => ({ aud: 'other' })],
    ['for nobody', () => ({ aud: undefined }) as never],
    ['of another issuer', () => ({ iss: 'https://127.0.0.1:1' })],
    ['of almost the issuer', () => ({ iss: `${issuer.url}/` })],
    ['without a name', () => ({ sub: '' })],
    ['with a number for a name', () => ({ sub: 7 }) as never],
    ['with groups that are none', () => ({ groups: [{ a: 1 }] })],
  ]
  for (const [why, claims] of refused)
    it(`are refused: ${why}`, async () => {
      assert.equal(await whoami(await issuer.token(claims())), 401)
    })

  it('have ten seconds for clocks that differ', async () => {
    assert.equal(typeof (await whoami(await issuer.token({ exp: now() - 5 }))), 'object')
    assert.equal(typeof (await whoami(await issuer.token({ nbf: now() + 5 }))), 'object')
  })

  it('are refused without a signature, or signed by what is no secret', async () => {
    const claims = { aud: 'hub', sub: 'u-1', iss: issuer.url, exp: now() + 300 }
    assert.equal(await whoami(new UnsecuredJWT(claims).encode()), 401)
    const pem = createPublicKey({ key: issuer.publicKey(), format: 'jwk' }).export({
      type: 'spki',
      format: 'pem',
    })
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    for (const alg of ['HS256', 'HS512', 'none', 'RS256', 'rs256']) {
      const body = `${encode({ alg, kid: issuer.publicKey().kid })}.${encode(claims)}`
      const mac = createHmac(alg === 'HS512' ? 'sha512' : 'sha256', pem).update(body)
      assert.equal(await whoami(`${body}.${mac.digest('base64url')}`), 401, alg)
    }
    const good = await issuer.token()
    const [header, payload, signature] = good.split('.') as [string, string, string]
    const forged = encode({ ...claims, sub: 'root' })
    assert.equal(await whoami(`${header}.${forged}.${signature}`), 401)
    assert.equal(await whoami(`${header}.${payload}.`), 401)
    assert.equal(await whoami(`${header}.${payload}.${signature}.x`), 401)
    const embedded = encode({ alg: 'RS256', jwk: issuer.publicKey(), kid: 'mine' })
    assert.equal(await whoami(`${embedded}.${payload}.${signature}`), 401)
  })

  it('are refused when huge', async () => {
    const token = await issuer.token({ groups: ['x'.repeat(20_000)] })
    const verdict = await rig.admin('POST', '/apis/authentication.k8s.io/v1/tokenreviews', {
      body: { spec: { token } },
    })
    assert.deepEqual(verdict.body['status'], { user: {}, error: 'invalid bearer token' })
  })

  it('are never written to the log', async () => {
    const token = await issuer.token({ aud: 'other', sub: 'secret-subject' })
    assert.equal(await whoami(token), 401)
    const log = rig.logged.join('\n')
    assert.match(log, /A token of a provider of identities was refused/)
    for (const part of token.split('.')) assert.ok(!log.includes(part))
    assert.ok(!log.includes('secret-subject'))
  })
})

describe('the keys of a provider of identities', () => {
  it('rotate; are asked for again when a token names another, and not too often', async () => {
    await using issuer = await openOidcRig()
    let nowMs = 0
    const logged: string[] = []
    const source = createOidcTokens({
      issuers: [
        {
          url: issuer.url,
          audiences: ['hub'],
          authority: issuer.authority,
          username: { claim: 'sub', prefix: '' },
          extra: [],
          required: [],
        },
      ],
      fetchJson,
      clock: { now: () => systemClock.now(), monotonicMs: () => nowMs },
      log: createLog((record) => logged.push(record.message)),
      ownAudiences: () => ['hub'],
    })
    const isGood = async (token: string) => (await source(token, ['hub']))?.ok
    const failed = 'The keys of a provider of identities could not be fetched.'
    const failures = () => logged.filter((message) => message === failed).length
    issuer.setUp(false)
    const first = await issuer.token()
    assert.equal(await isGood(first), false)
    issuer.setUp(true)
    assert.equal(await isGood(first), false, 'it was just tried')
    nowMs += 10_000
    // Many at once fetch once.
    assert.deepEqual(await Promise.all([first, first, first].map(isGood)), [true, true, true])
    assert.equal(issuer.fetches(), 1)
    await issuer.rotate()
    const second = await issuer.token()
    assert.equal(await isGood(second), false, 'it was just tried')
    nowMs += 10_000
    assert.equal(await isGood(second), true)
    assert.equal(await isGood(first), false, 'the issuer shows its key no more')
    for (let index = 0; index < 20; index += 1)
      assert.equal(await isGood(await issuer.token({}, { kid: `made-up-${index}` })), false)
    assert.equal(issuer.fetches(), 2)
    // While the issuer is down, what is held stays in use, however old.
    const had = failures()
    issuer.setUp(false)
    nowMs += 3_600_000
    assert.equal(await isGood(second), true)
    assert.equal(await isGood(second), true)
    for (let tries = 0; tries < 500 && failures() === had; tries += 1) await systemClock.sleep(10)
    assert.equal(failures(), had + 1)
    issuer.setUp(true)
    nowMs += 10_000
    assert.equal(await isGood(second), true)
    for (let tries = 0; tries < 500 && issuer.fetches() < 3; tries += 1) await systemClock.sleep(10)
    assert.equal(issuer.fetches(), 3, 'old keys are fetched again while they are used')
  })

  it('are not taken from a stranger: another authority, another issuer, a secret among them', async () => {
    await using issuer = await openOidcRig()
    const sourceOf = (change: object) =>
      createOidcTokens({
        issuers: [
          {
            url: issuer.url,
            audiences: ['hub'],
            authority: issuer.authority,
            username: { claim: 'sub', prefix: '' },
            extra: [],
            required: [],
            ...change,
          },
        ],
        fetchJson,
        clock: systemClock,
        log: createLog(() => {}),
        ownAudiences: () => ['hub'],
      })
    const token = await issuer.token()
    assert.equal((await sourceOf({})(token, ['hub']))?.ok, true)
    assert.equal((await sourceOf({ authority: undefined })(token, ['hub']))?.ok, false)
    assert.equal(
      (await sourceOf({ discoveryUrl: `${issuer.url}/keys` })(token, ['hub']))?.ok,
      false,
    )
    assert.equal((await sourceOf({})(token, ['vault']))?.ok, false)
    issuer.show({ kty: 'oct', k: Buffer.from('known').toString('base64url'), kid: 'shared' })
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const claims = { iss: issuer.url, aud: 'hub', sub: 'x', exp: 9_999_999_999 }
    const body = `${encode({ alg: 'HS256', kid: 'shared' })}.${encode(claims)}`
    const mac = createHmac('sha256', 'known').update(body).digest('base64url')
    assert.equal((await sourceOf({})(`${body}.${mac}`, ['hub']))?.ok, false)
  })
})

describe('documents of a provider of identities', () => {
  it('are small, JSON, where they are said to be, and of somebody who is trusted', async () => {
    await using issuer = await openOidcRig()
    const { authority } = issuer
    const get = (path: string) => fetchJson(`${issuer.url}${path}`, { authority })
    issuer.serve('/moved', 302, '')
    issuer.serve('/garbage', 200, '<html>')
    issuer.serve('/huge', 200, JSON.stringify({ a: 'x'.repeat(2 ** 20) }))
    assert.equal(Object.keys((await get('/keys')) as object)[0], 'keys')
    await assert.rejects(get('/moved'), /answered 302/)
    await assert.rejects(get('/none'), /answered 404/)
    await assert.rejects(get('/garbage'), /is not JSON/)
    await assert.rejects(get('/huge'), /is larger than 1048576 bytes/)
    await assert.rejects(fetchJson(`${issuer.url}/keys`, { authority: undefined }), /certificate/)
    await assert.rejects(fetchJson('https://127.0.0.1:1/keys', { authority }), /ECONNREFUSED/)
  })
})
