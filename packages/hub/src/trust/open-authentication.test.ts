import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { silentLog } from '@skerry/base/log'
import { systemClock } from '@skerry/base/clock'
import { seededRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { type AuthenticationOptions, authenticationOptionsOf } from './authentication-options.ts'
import { openAuthentication } from './open-authentication.ts'
import { openServiceAccountKeys } from './service-account-keys.ts'
import { openSessions } from './sessions.ts'

let dir: string
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-authentication-'))
})
after(() => rm(dir, { recursive: true }))

async function open(change: Partial<AuthenticationOptions>) {
  await using state = createMemoryState({ clock: systemClock, random: seededRandom(1) })
  return openAuthentication({
    options: { ...authenticationOptionsOf({}), ...change },
    authority: { factsOf: () => assert.fail('no certificate was shown') },
    accountKeys: await openServiceAccountKeys({ dir }),
    sessions: await openSessions({ dir, clock: systemClock }),
    state,
    clock: systemClock,
    random: seededRandom(2),
    log: silentLog,
    address: () => 'https://hub.example.com',
    fetchJson: () => assert.fail('nothing is fetched before a token asks for it'),
  })
}
const file = async (text: string): Promise<string> => {
  const path = join(dir, 'configuration.yaml')
  await writeFile(path, text)
  return path
}
const oidc = {
  issuerUrl: 'https://id.example.com',
  clientId: 'hub',
  usernameClaim: 'sub',
  usernamePrefix: undefined,
  groupsClaim: undefined,
  groupsPrefix: '',
  caFile: undefined,
}
const configuration = (url: string, more = '') =>
  `apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
  - issuer: { url: '${url}', audiences: [hub] }
    claimMappings: { username: { claim: sub, prefix: '' } }
${more}`

test('what cannot be used is one sentence that names it', async () => {
  await assert.rejects(
    open({ configFile: '/nowhere.yaml' }),
    /^Error: --authentication-config: ENOENT/,
  )
  await assert.rejects(
    open({ oidc: { ...oidc, caFile: '/no.crt' } }),
    /^Error: --oidc-ca-file: ENOENT/,
  )
  await assert.rejects(
    open({ oidc: { ...oidc, issuerUrl: 'http://id' } }),
    /--oidc-issuer-url http:\/\/id: URL scheme must be https\.$/,
  )
  await assert.rejects(open({ configFile: await file('a: [') }), /configuration\.yaml is not YAML/)
  await assert.rejects(
    open({ configFile: await file(configuration('http://id')) }),
    /configuration\.yaml cannot be used: jwt\[0\]\.issuer\.url: Invalid value/,
  )
  await assert.rejects(
    open({ oidc, serviceAccountIssuers: ['https://id.example.com'] }),
    /https:\/\/id\.example\.com issues the tokens of service accounts/,
  )
})

test('the hub names itself, or is named', async () => {
  const issuerOf = async (change: Partial<AuthenticationOptions>) => {
    const { documents } = await open(change)
    return documents['/.well-known/openid-configuration']?.make()
  }
  const standard = {
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256'],
    jwks_uri: 'https://hub.example.com/openid/v1/jwks',
  }
  assert.deepEqual(await issuerOf({}), { issuer: 'https://hub.example.com', ...standard })
  assert.deepEqual(await issuerOf({ serviceAccountIssuers: ['https://a', 'https://b'] }), {
    issuer: 'https://a',
    ...standard,
  })
})

test('who shows nothing is nobody, unless the options or the file say otherwise', async () => {
  const nothing = { method: 'GET', headers: {}, socket: {} } as never
  const nameOf = async (change: Partial<AuthenticationOptions>) =>
    (await (await open(change)).authenticateApi(nothing))?.name
  assert.equal(await nameOf({}), undefined)
  assert.equal(await nameOf({ admitsAnonymous: true }), 'system:anonymous')
  const closed = await file(
    configuration('https://id.example.com', 'anonymous: { enabled: false }'),
  )
  assert.equal(await nameOf({ admitsAnonymous: true, configFile: closed }), undefined)
  const opened = await open({ admitsAnonymous: true })
  assert.equal(await opened.authenticate(nothing), undefined, 'people sign in')
})
