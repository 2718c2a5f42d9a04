// What a device and an administrator are promised, through the hub as `open-hub.ts` composes it: its own
// PostgreSQL, its ports, its controllers. Only the clock is ours, so that certificates can expire.
import assert from 'node:assert/strict'
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { joinTokenCredential, parseJoinToken } from '@skerry/api/join-token'
import { kinds } from '@skerry/api/kinds'
import { secretKind } from '@skerry/api/kinds/core'
import { deviceKind } from '@skerry/api/kinds/device'
import { joinTokenKind } from '@skerry/api/kinds/enrolment'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { profileKind } from '@skerry/api/kinds/profile'
import { siteKind } from '@skerry/api/kinds/site'
import type { SiteMetrics } from '@skerry/api/metrics'
import { type SiteSpec, siteSpecPayloadType } from '@skerry/api/site-spec'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { verifyEnvelope } from '@skerry/artifact/dsse'
import { mintJoinToken } from '@skerry/artifact/mint-join-token'
import { type Clock, systemClock, toTimestamp } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createDeviceNetwork } from '@skerry/client/device-connection'
import { createDeviceKey, createSigningRequest } from '@skerry/client/device-key'
import { type DeviceLink, LinkError, type LinkFailure } from '@skerry/client/device-link'
import { createHttpState } from '@skerry/client/http-state'
import { type HubConnection, createHubConnection } from '@skerry/client/hub-connection'
import { type HubAddress, loadKubeconfig } from '@skerry/client/kubeconfig'
import { exportStore } from '@skerry/store/backup'
import { connect } from '@skerry/store/postgres-connections'
import { readRunningHub } from '../src/hub-endpoint-file.ts'
import { type Hub, openHub } from '../src/open-hub.ts'
import { authenticationOptionsOf } from '../src/trust/authentication-options.ts'
import { openAuthority } from '../src/trust/authority.ts'
import { type Folder, temporaryFolder } from './hub-process.ts'

let offsetMs = 0
const clock: Clock = { ...systemClock, now: () => systemClock.now() + offsetMs }
const network = createDeviceNetwork({ clock: systemClock })
let folder: Folder
let hub: Hub
let address: HubAddress
let state: State & AsyncDisposable
let admin: HubConnection
const links: DeviceLink[] = []

before(async () => {
  folder = temporaryFolder()
  const data = folder.path
  const none = { databaseUrl: undefined, console: undefined, modelInspector: undefined }
  const kubeconfig = join(data, 'kubeconfig')
  const listen = { host: '127.0.0.1', names: [], port: 0, gatewayPort: 0 }
  hub = await openHub(
    { data, kubeconfig, ...listen, ...none, authentication: authenticationOptionsOf({}) },
    { clock, random: systemRandom, log: silentLog },
  )
  address = await loadKubeconfig(kubeconfig)
  state = createHttpState({ ...address, kinds, clock: systemClock })
  admin = createHubConnection(address, systemClock)
})
after(async () => {
  for (const link of links) await link[Symbol.asyncDispose]()
  admin?.[Symbol.dispose]()
  await state?.[Symbol.asyncDispose]()
  await hub?.[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})

const key = (name: string) => ({ namespace: 'default', name })

async function mint(name: string, spec: { usesMax?: number; lifeMs?: number } = {}) {
  const authority = await openAuthority({ dir: join(folder.path, 'keys'), clock })
  const minted = mintJoinToken(name, authority.certificateDigest)
  await state.create(joinTokenKind, {
    metadata: key(name),
    spec: {
      tokenDigest: minted.tokenDigest,
      expirationTime: toTimestamp(clock.now() + (spec.lifeMs ?? 60_000)),
      usesMax: spec.usesMax ?? 1,
      createsSites: true,
    },
  })
  return minted.token
}

async function enrol(site: string, token: string) {
  const parsed = parseJoinToken(token)
  assert.ok(parsed.ok)
  const deviceKey = createDeviceKey()
  const { authorityDigest } = parsed.token
  const response = await network.enroll(
    { hub: hub.server, authorityDigest, timeoutMs: 5000 },
    {
      request: createSigningRequest(deviceKey, site),
      token: joinTokenCredential(parsed.token),
      site,
      hardware: {},
    },
  )
  assert.ok(response.phase === 'Approved')
  return { ...response, key: deviceKey }
}

async function open(device: Awaited<ReturnType<typeof enrol>>): Promise<DeviceLink> {
  const options = { ...device, connectTimeoutMs: 5000, keepAliveMs: 60_000 }
  const link = await network.connect(options, new AbortController().signal)
  links.push(link)
  return link
}

async function refused(attempt: Promise<unknown>, reason: LinkFailure, message: RegExp) {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof LinkError, String(error))
    assert.equal(error.reason, reason, error.message)
    assert.match(error.message, message)
    return true
  })
}

async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < 400; tries += 1) {
    const found = await ask()
    if (found !== undefined) return found
    await systemClock.sleep(25)
  }
  return assert.fail(`waited in vain for ${what}`)
}

test('tokens: unknown, expired and used up let nobody in; nothing keeps their secret', async () => {
  const token = await mint('once')
  const [, secret = ''] = token.split('.')
  assert.match(secret, /^[0-9a-f]{40}$/)
  await enrol('depot-1', token)
  await refused(enrol('depot-9', token), 'Refused', /once is used up: it let in 1 of 1/)
  const late = await mint('late', { lifeMs: 1 })
  await refused(enrol('depot-9', late), 'Refused', /late expired at .*make a new one/)
  await refused(enrol('depot-9', token.replace('once', 'never')), 'Refused', /not known here/)
  assert.equal(await state.get(siteKind, key('depot-9')), undefined)

  assert.ok(!(await everythingStored()).includes(secret), 'neither in the database')
  for (const file of filesBelow(folder.path))
    assert.ok(!readFileSync(file).includes(secret), `nor in ${file}`)
})

test('a Secret is sealed in the database, and the key is not there', async () => {
  const password = 'correct horse battery staple'
  await state.create(secretKind, { metadata: key('camera'), stringData: { password } })
  const encoded = Buffer.from(password).toString('base64')
  assert.deepEqual((await state.get(secretKind, key('camera')))!.data, { password: encoded })
  const stored = await everythingStored()
  assert.match(stored, /camera/)
  assert.ok(!stored.includes(password) && !stored.includes(encoded))
  const keys = readFileSync(join(folder.path, 'keys/secret-keys.json'), 'utf8')
  const secrets = keys.match(/[A-Za-z0-9+/_-]{40,}/g) ?? []
  assert.ok(secrets.length > 0, keys.replaceAll(/[A-Za-z0-9]/g, 'x'))
  for (const each of secrets) assert.ok(!stored.includes(each))
  assert.equal(statSync(join(folder.path, 'keys/secret-keys.json')).mode & 0o777, 0o600)
})

test('a site gets its own signed spec, tells how it is, and is counted once', async () => {
  const device = await enrol('oslo', await mint('oslo'))
  const other = await enrol('bergen', await mint('bergen'))
  const labels = { line: 'one' }
  const site = (await state.get(siteKind, key('oslo')))!
  await state.update(siteKind, { ...site, metadata: { ...site.metadata, labels } })
  const workload = { command: ['/bin/true'] }
  await state.create(profileKind, {
    metadata: key('sorting'),
    spec: { layers: [{ name: 'camera', type: 'workload', workload }] },
  })
  await state.create(fleetKind, {
    metadata: key('lines'),
    spec: { profile: 'sorting', selector: { matchLabels: labels } },
  })
  const link = await open(device)
  const envelope = await eventually('a spec', () => link.pollSpec(undefined))
  const verified = verifyEnvelope(envelope, device.trustedKeys, siteSpecPayloadType)
  assert.ok(verified.ok, 'the signature is of a key that came at enrolment')
  const spec = JSON.parse(new TextDecoder().decode(verified.payload)) as SiteSpec
  assert.equal(spec.siteUid, device.identity.siteUid)
  assert.deepEqual(
    spec.layers.map(({ name }) => name),
    ['camera'],
  )
  const foreign = verifyEnvelope(envelope, [], siteSpecPayloadType)
  assert.ok(!foreign.ok && foreign.reason === 'UnknownKey')

  const elsewhere = await open(other)
  assert.equal(await elsewhere.pollSpec(undefined), undefined, 'the other site has none')
  await refused(
    Array.fromAsync(elsewhere.fetchBlob('digits', `sha256:${'0'.repeat(64)}`, 0)),
    'Refused',
    /no such blob/,
  )

  const { epoch, revision } = spec
  const at = { target: { epoch, revision }, applied: { epoch, revision } }
  await link.reportStatus({
    bootId: 'b',
    sequence: 1,
    agentVersion: '0.1.0',
    architecture: 'x64',
    health: 'Healthy',
    isSettled: true,
    layers: [],
    failed: [],
    ...at,
  })
  await eventually('the site to be online and synced', async () => {
    const { status } = (await state.get(siteKind, key('oslo')))!
    const isSo = status?.connectivity === 'Online' && status.health === 'Healthy'
    return isSo && status.sync === 'Synced' ? status : undefined
  })

  const minute = 60_000
  const sketch = { zero: 0, buckets: [1, 10], sum: 12 }
  const record = {
    sequence: 1,
    layer: 'digits',
    model: 'digits',
    version: 'v1',
    digest: 'sha256:m',
    startTime: toTimestamp(clock.now() - minute),
    endTime: toTimestamp(clock.now() - 1000),
    requests: 10,
    errors: 1,
    judged: 5,
    correct: 4,
    classes: { 3: 10 },
    latencyMs: sketch,
    confidence: sketch,
  }
  for (let times = 0; times < 3; times += 1)
    assert.deepEqual(await link.sendTelemetry({ bootId: 'b', records: [record] }), {
      acknowledged: 1,
    })
  const counted = async (name: string) => {
    const path = `/apis/skerry.dev/v1alpha1/namespaces/default/sites/${name}/metrics?sinceSeconds=900`
    const { series } = (await admin.send({ method: 'GET', path })) as SiteMetrics
    return series.flatMap(({ points }) => points).reduce((sum, { requests }) => sum + requests, 0)
  }
  assert.equal(await counted('oslo'), 10)
  assert.equal(await counted('bergen'), 0)
})

test('an expired certificate opens the renewal only; a deleted Device opens nothing', async () => {
  const device = await enrol('narvik', await mint('narvik'))
  const before_ = await open(device)
  await before_.pollSpec(undefined)
  offsetMs = 25 * 3_600_000
  const link = await open(device)
  await refused(link.pollSpec(undefined), 'CertificateExpired', /expired/)
  const renewed = await link.renew({ request: createSigningRequest(device.key, 'narvik') })
  assert.deepEqual(renewed.trustedKeys, device.trustedKeys)
  const again = { ...device, certificate: renewed.certificate }
  const fresh = await open(again)
  assert.equal(await fresh.pollSpec(undefined), undefined)
  await state.delete(deviceKind, key(device.identity.device))
  assert.ok((await fresh.closed) instanceof Error, 'it is cut at once')
  await refused(open(again), 'Revoked', /./)
})

test('who is not known to the API gets nothing, and is told how to be', async () => {
  using elsewhere = temporaryFolder()
  const theirs = await (await openAuthority({ dir: elsewhere.path, clock })).issueAdmin()
  const { server, authority, clientCertificate, clientKey } = address
  const device = await enrol('hamar', await mint('hamar'))
  const unknown = 'skt_0123456789abcdef_0123456789abcdef0123456789abcdef01234567'
  const path = '/api/v1/namespaces/default/secrets'
  const ask = async (credentials: Partial<HubAddress>) => {
    using connection = createHubConnection({ server, authority, ...credentials }, systemClock)
    return await connection.send({ method: 'GET', path }).then(
      () => 'Answered',
      (error: unknown) => (isApiError(error) ? error.reason : String(error)),
    )
  }
  const ours = { clientCertificate, clientKey }
  assert.equal(await ask(ours), 'Answered')
  assert.equal(await ask({}), 'Unauthorized')
  assert.equal(await ask({ token: unknown }), 'Unauthorized')
  assert.equal(await ask({ token: 'x'.repeat(5000) }), 'Unauthorized')
  assert.equal(
    await ask({ clientCertificate: theirs.certificate, clientKey: theirs.key }),
    'Unauthorized',
  )
  const asDevice = { clientCertificate: device.certificate, clientKey: device.key }
  assert.equal(await ask(asDevice), 'Forbidden', 'a device is somebody, and may nothing here')
  const before = offsetMs
  offsetMs += 10 * 365 * 24 * 3_600_000
  assert.equal(await ask(ours), 'Unauthorized', 'an expired certificate')
  offsetMs = before
})

test('what a client may get wrong is one sentence each, and changes nothing', async () => {
  const sites = '/apis/skerry.dev/v1alpha1/namespaces/default/sites'
  const site = { apiVersion: 'skerry.dev/v1alpha1', kind: 'Site', metadata: { name: 'bad' } }
  const cases: [string, string, string, RegExp][] = [
    ['POST', sites, '{"kind":', /JSON/],
    ['POST', sites, '[1]', /object/],
    ['POST', sites, `${'['.repeat(50_000)}${']'.repeat(50_000)}`, /nests deeper than/],
    ['POST', sites, JSON.stringify({ ...site, filler: 'x'.repeat(4 * 2 ** 20) }), /too large/i],
    ['POST', sites, JSON.stringify({ ...site, spec: { variables: 'none' } }), /spec\.variables/],
    ['POST', `${sites}?fieldValidation=Strict`, JSON.stringify({ ...site, colour: 1 }), /colour/],
    ['POST', sites, JSON.stringify({ ...site, kind: 'Boat' }), /Boat/],
    ['GET', '/apis/skerry.dev/v1alpha1/boats', '', /could not find the requested resource/],
    ['GET', '/apis/skerry.dev/v9/sites', '', /could not find the requested resource/],
  ]
  for (const [method, path, body, sentence] of cases) {
    const request = { method, path, ...(body === '' ? {} : { body }) }
    await assert.rejects(admin.send(request), (error: Error) => {
      assert.match(error.message, sentence, `${method} ${path} ${body.slice(0, 60)}`)
      assert.doesNotMatch(error.message, /\n\s+at |node_modules|\/src\//)
      return true
    })
  }
  assert.equal(await state.get(siteKind, key('bad')), undefined)

  const made = await state.create(siteKind, { metadata: key('stale'), spec: {} })
  // Without a version: the controllers may have written to it already.
  const metadata = key('stale')
  await state.update(siteKind, { ...made, metadata, spec: { ...made.spec, variables: { a: '1' } } })
  await assert.rejects(
    state.update(siteKind, { ...made, spec: { ...made.spec, variables: { a: '2' } } }),
    /modified|has been changed|please apply your changes/,
  )
  assert.deepEqual((await state.get(siteKind, key('stale')))!.spec.variables, { a: '1' })
})

/** Every row of every table, as a backup has them. */
async function everythingStored(): Promise<string> {
  const client = await connect((await readRunningHub(folder.path))!.databaseUrl)
  try {
    return (await Array.fromAsync(exportStore(client))).join('\n')
  } finally {
    await client.end()
  }
}

function filesBelow(path: string): string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}
