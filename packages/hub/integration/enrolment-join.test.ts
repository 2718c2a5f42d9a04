import { strict as assert } from 'node:assert'
import { mkdtemp, rm } from 'node:fs/promises'
import { type Server, createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { toTimestamp } from '@skerry/base/clock'
import { joinTokenCredential, parseJoinToken } from '@skerry/api/join-token'
import { deviceKind } from '@skerry/api/kinds/device'
import { joinTokenKind } from '@skerry/api/kinds/enrolment'
import { openBlobStore } from '@skerry/artifact/blob-store'
import { mintJoinToken } from '@skerry/artifact/mint-join-token'
import type { HubStore } from '@skerry/store/hub-store'
import { createMemoryStore } from '@skerry/store/memory-store'
import { createDeviceNetwork } from '../../client/src/device-connection.ts'
import { createDeviceKey, createSigningRequest } from '../../client/src/device-key.ts'
import { LinkError, type LinkFailure } from '../../client/src/device-link.ts'
import { createEnrolmentHandler } from '../src/enrolment/enrolment-handler.ts'
import { createEnrolment } from '../src/enrolment/enrolment.ts'
import { type Gateway, openGateway } from '../src/gateway/gateway.ts'
import { type Authority, openAuthority } from '../src/trust/authority.ts'
import { type SigningKeys, openSigningKeys } from '../src/trust/signing-keys.ts'

let dir: string
let store: HubStore
let authority: Authority
let keys: SigningKeys
let gateway: Gateway
let server: Server
let hub: string
const network = createDeviceNetwork({ clock: systemClock })

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-join-'))
  store = createMemoryStore({ clock: systemClock, random: systemRandom })
  authority = await openAuthority({ dir: join(dir, 'trust'), clock: systemClock })
  keys = await openSigningKeys({ dir: join(dir, 'trust'), clock: systemClock })
  const blobs = await openBlobStore({ dir: join(dir, 'blobs'), clock: systemClock })
  const { state, specs, rollups } = store
  gateway = await openGateway(
    {
      state,
      specs,
      rollups,
      blobs,
      authority,
      trustedKeys: () => keys.trusted(),
      trustedKeySet: () => keys.trustedSet(),
      clock: systemClock,
      log: silentLog,
      hostNames: [],
      onPresence: () => {},
      onReport: () => {},
    },
    { host: '127.0.0.1', port: 0 },
  )
  const enroll = createEnrolment({
    state,
    authority,
    trustedKeys: () => keys.trusted(),
    gateway: () => `https://localhost:${gateway.port}`,
    clock: systemClock,
    log: silentLog,
  })
  const handle = createEnrolmentHandler(enroll, silentLog)
  const { key, certificate } = await authority.serverCertificate([])
  server = createServer(
    { key, cert: certificate },
    (request, response) => void handle(request, response),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  hub = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
})
after(async () => {
  server.closeAllConnections()
  server.close()
  await gateway[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

async function refused(attempt: Promise<unknown>, reason: LinkFailure, message: RegExp) {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof LinkError, String(error))
    assert.equal(error.reason, reason, error.message)
    assert.match(error.message, message)
    return true
  })
}

test('from a token to an open connection, as a device does it', async () => {
  const minted = mintJoinToken('depots', authority.certificateDigest)
  await store.state.create(joinTokenKind, {
    metadata: { name: 'depots', namespace: 'default' },
    spec: {
      tokenDigest: minted.tokenDigest,
      expirationTime: toTimestamp(systemClock.now() + 60_000),
      createsSites: true,
    },
  })
  const parsed = parseJoinToken(minted.token)
  assert.ok(parsed.ok)
  const { authorityDigest } = parsed.token
  const key = createDeviceKey()
  const request = {
    request: createSigningRequest(key, 'depot-1'),
    token: joinTokenCredential(parsed.token),
    site: 'depot-1',
    hardware: { serial: '42' },
  }
  const options = { hub, authorityDigest, timeoutMs: 5000 }
  const response = await network.enroll(options, request)
  assert.ok(response.phase === 'Approved')
  assert.deepEqual(response.trustedKeys, keys.trusted())
  await using link = await network.connect(
    { ...response, key, connectTimeoutMs: 5000, keepAliveMs: 60_000 },
    new AbortController().signal,
  )
  assert.equal(await link.pollSpec(undefined), undefined)
  assert.deepEqual(gateway.connected(), [response.identity])
  const device = await store.state.get(deviceKind, {
    namespace: 'default',
    name: response.identity.device,
  })
  assert.deepEqual(device?.spec.hardware, { serial: '42' })

  const next = { ...request, request: createSigningRequest(createDeviceKey(), 'depot-1') }
  await refused(network.enroll(options, next), 'Refused', /used up/)
  const unknown = { ...next, token: `depots.${'0'.repeat(40)}` }
  await refused(network.enroll(options, unknown), 'Refused', /not known here/)
  const { token: _, ...withoutToken } = next
  assert.equal((await network.enroll(options, withoutToken)).phase, 'Pending')
})

test('a hub that is not the one in the token gets nothing, not even the token', async () => {
  const request = { request: 'x', token: 'secret', hardware: {} }
  const other = { hub, authorityDigest: '0'.repeat(64), timeoutMs: 5000 }
  let requests = 0
  server.on('request', () => (requests += 1))
  await refused(network.enroll(other, request), 'UntrustedHub', /which the join token names/)
  assert.equal(requests, 0)
  const gone = { ...other, hub: 'https://127.0.0.1:1' }
  await refused(network.enroll(gone, request), 'Unreachable', /ECONNREFUSED/)
})
