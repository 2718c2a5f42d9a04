import { strict as assert } from 'node:assert'
import { X509Certificate, randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { type Server as HttpServer, createServer as createHttpServer } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { deflateSync } from 'node:zlib'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { type Clock, systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import {
  type DeviceIdentity,
  type StatusReport,
  type TelemetryRecord,
  devicePaths,
} from '@skerry/api/device-protocol'
import type { Envelope } from '@skerry/api/envelope'
import { deviceKind } from '@skerry/api/kinds/device'
import { siteKind } from '@skerry/api/kinds/site'
import { type BlobStore, openBlobStore } from '@skerry/artifact/blob-store'
import { digestOf } from '@skerry/artifact/digest-of'
import type { HubStore, RollupBatch } from '@skerry/store/hub-store'
import { createMemoryStore } from '@skerry/store/memory-store'
import { createDeviceNetwork } from '../../client/src/device-connection.ts'
import { createDeviceKey, createSigningRequest } from '../../client/src/device-key.ts'
import {
  type DeviceLink,
  LinkError,
  type LinkFailure,
  type LinkOptions,
} from '../../client/src/device-link.ts'
import type { Presence } from '../src/gateway/gateway-context.ts'
import { type Gateway, openGateway } from '../src/gateway/gateway.ts'
import { type Authority, openAuthority } from '../src/trust/authority.ts'
import { parseSigningRequest } from '../src/trust/signing-request.ts'

let dir: string
let offsetMs: number
let store: HubStore
let blobs: BlobStore
let authority: Authority
let gateway: Gateway
let presence: [string, Presence][]
let reports: [string, StatusReport][]
let appended: RollupBatch[]
let appendGate: Promise<void>
const links: DeviceLink[] = []
const hubClock: Clock = { ...systemClock, now: () => Date.now() + offsetMs }
const network = createDeviceNetwork({ clock: systemClock })

beforeEach(async () => {
  offsetMs = 0
  ;[presence, reports, appended, appendGate] = [[], [], [], Promise.resolve()]
  dir = await mkdtemp(join(tmpdir(), 'skerry-gateway-'))
  store = createMemoryStore({ clock: systemClock, random: systemRandom })
  blobs = await openBlobStore({ dir: join(dir, 'blobs'), clock: systemClock })
  authority = await openAuthority({ dir: join(dir, 'trust'), clock: hubClock })
  gateway = await openOn(0)
})
afterEach(async () => {
  for (const link of links.splice(0)) await link[Symbol.asyncDispose]()
  await gateway[Symbol.asyncDispose]()
  await store[Symbol.asyncDispose]()
  await rm(dir, { recursive: true, force: true })
})

const keySet: Envelope = { payloadType: 't', payload: 'c2lnbmVk', signatures: [] }
const openOn = (port: number, keepAliveMs = 60_000) =>
  openGateway(
    {
      state: store.state,
      specs: store.specs,
      rollups: {
        ...store.rollups,
        append: async (batch) => {
          await appendGate
          appended.push(batch)
          return store.rollups.append(batch)
        },
      },
      blobs,
      authority,
      trustedKeys: () => [{ keyid: 'k', publicKey: 'p' }],
      trustedKeySet: () => keySet,
      clock: hubClock,
      log: silentLog,
      hostNames: [],
      keepAliveMs,
      onPresence: (device, what) => presence.push([device.device, what]),
      onReport: (device, report) => void reports.push([device.site, report]),
    },
    { host: '127.0.0.1', port },
  )

type Enrolled = { identity: DeviceIdentity; key: string; certificate: string }

async function enrol(name: string, by = authority): Promise<Enrolled> {
  const key = createDeviceKey()
  const parsed = await parseSigningRequest(createSigningRequest(key, name))
  assert.ok(parsed.ok)
  const namespace = 'default'
  const site =
    (await store.state.get(siteKind, { namespace, name })) ??
    (await store.state.create(siteKind, { metadata: { name, namespace }, spec: {} }))
  const device = `${name}-${parsed.publicKeyDigest.slice(0, 10)}`
  const { uid } = site.metadata
  await store.state.create(deviceKind, {
    metadata: {
      name: device,
      namespace,
      ownerReferences: [{ apiVersion: 'skerry.dev/v1alpha1', kind: 'Site', name, uid }],
    },
    spec: { site: name, publicKeyDigest: parsed.publicKeyDigest },
  })
  const identity = { namespace, site: name, siteUid: uid, device }
  const { certificate } = await by.issueDevice(identity, parsed.publicKey)
  return { identity, key, certificate }
}

async function open(device: Enrolled, over: Partial<LinkOptions> = {}): Promise<DeviceLink> {
  const link = await network.connect(
    {
      gateway: `https://127.0.0.1:${gateway.port}`,
      authority: authority.certificate,
      connectTimeoutMs: 5000,
      keepAliveMs: 60_000,
      ...device,
      ...over,
    },
    new AbortController().signal,
  )
  links.push(link)
  return link
}

async function refused(attempt: Promise<unknown>, reason: LinkFailure, message?: RegExp) {
  await assert.rejects(attempt, (error) => {
    assert.ok(error instanceof LinkError, String(error))
    assert.equal(error.reason, reason, error.message)
    if (message !== undefined) assert.match(error.message, message)
    return true
  })
}

async function until(condition: () => boolean, what: string): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt += 1) {
    if (condition()) return
    await systemClock.sleep(10)
  }
  assert.fail(`waited in vain for ${what}`)
}

const envelope = (text: string): Envelope => ({ payloadType: 't', payload: text, signatures: [] })

async function putSpec(
  { identity }: Enrolled,
  revision: number,
  over: { epoch?: number; blobs?: string[] } = {},
) {
  const { namespace, site, siteUid } = identity
  await store.specs.put({
    namespace,
    site,
    siteUid,
    epoch: over.epoch ?? 1,
    revision,
    contentDigest: `${revision}`,
    envelope: JSON.stringify(envelope(`revision ${revision}`)),
    blobs: over.blobs ?? [],
  })
}

const report: StatusReport = {
  bootId: 'b',
  sequence: 1,
  agentVersion: '0.1.0',
  architecture: 'x64',
  health: 'Healthy',
  isSettled: true,
  layers: [],
  failed: [],
}

const record = (sequence: number): TelemetryRecord => ({
  sequence,
  startTime: '2026-11-21T12:00:00Z',
  endTime: '2026-11-21T12:01:00Z',
  layer: 'digits',
  model: 'digits',
  version: 'v1',
  digest: digestOf('v1'),
  requests: 10,
  errors: 0,
  judged: 5,
  correct: 4,
  latencyMs: { zero: 0, buckets: [1, 10], sum: 12 },
  confidence: { zero: 0, buckets: [], sum: 0 },
  classes: { 3: 10 },
})

test('specs are pushed at once, the newest only, and polled', async () => {
  const device = await enrol('depot-1')
  const link = await open(device)
  assert.equal(await link.pollSpec(undefined), undefined)
  await putSpec(device, 1)
  assert.deepEqual(await link.pollSpec(undefined), envelope('revision 1'))
  assert.equal(await link.pollSpec({ epoch: 1, revision: 1 }), undefined)
  assert.equal(await link.pollSpec({ epoch: 1, revision: 2 }), undefined)

  const ended = new AbortController()
  const specs = link.specs({ epoch: 1, revision: 1 }, ended.signal)[Symbol.asyncIterator]()
  const next = specs.next()
  await systemClock.sleep(50)
  const putMs = performance.now()
  await putSpec(device, 2)
  assert.deepEqual((await next).value, envelope('revision 2'))
  assert.ok(performance.now() - putMs < 1000)
  for (let revision = 3; revision <= 50; revision += 1) await putSpec(device, revision)
  let last: unknown
  let frames = 0
  while (JSON.stringify(last) !== JSON.stringify(envelope('revision 50'))) {
    last = (await specs.next()).value
    frames += 1
  }
  assert.ok(frames <= 48)
  // A hub restored from a backup begins again with a higher epoch.
  await putSpec(device, 1, { epoch: 2 })
  assert.deepEqual((await specs.next()).value, envelope('revision 1'))
  ended.abort()
  assert.equal((await specs.next()).done, true)
})

test('a device sees its own site and nothing else', async () => {
  const mine = await enrol('depot-1')
  const other = await enrol('depot-2')
  const [own, foreign] = ['own bytes', 'foreign bytes']
  for (const text of [own, foreign]) await blobs.put(Buffer.from(text))
  await putSpec(mine, 1, { blobs: [digestOf(own)] })
  await putSpec(other, 7, { blobs: [digestOf(foreign)] })
  const link = await open(mine)
  assert.deepEqual(await link.pollSpec(undefined), envelope('revision 1'))
  const fetch = async (text: string, offset = 0, repository = 'models/default/digits') =>
    Buffer.concat(
      (await Array.fromAsync(link.fetchBlob(repository, digestOf(text), offset))) as Buffer[],
    ).toString()
  assert.equal(await fetch(own), own)
  assert.equal(await fetch(own, 4), 'bytes')
  await refused(fetch(foreign), 'Refused', /names no such blob/)
  await refused(fetch('nowhere'), 'Refused', /names no such blob/)
  await refused(fetch(own, 0, '../../etc'), 'Refused')
  const batch = { bootId: 'b', records: [{ ...record(1), namespace: 'x', site: 'depot-2' }] }
  await link.sendTelemetry(batch)
  assert.equal(appended[0]!.siteUid, mine.identity.siteUid)
  assert.equal(appended[0]!.rollups[0]!.site, 'depot-1')
  assert.equal(appended[0]!.rollups[0]!.namespace, 'default')
  await link.reportStatus(report)
  assert.deepEqual(reports[0], ['depot-1', report])
})

test('a blob that is cut off is fetched on from where it stopped', async () => {
  const device = await enrol('depot-1')
  const bytes = Buffer.alloc(5 * 2 ** 20, 'abcdefg')
  await blobs.put(bytes)
  await putSpec(device, 1, { blobs: [digestOf(bytes)] })
  const first = await open(device)
  const got: Buffer[] = []
  for await (const chunk of first.fetchBlob('m', digestOf(bytes), 0)) {
    got.push(Buffer.from(chunk))
    if (Buffer.concat(got).length > 2 ** 20) break
  }
  const offset = Buffer.concat(got).length
  assert.ok(offset < bytes.length)
  const second = await open(device)
  for await (const chunk of second.fetchBlob('m', digestOf(bytes), offset))
    got.push(Buffer.from(chunk))
  assert.equal(digestOf(Buffer.concat(got)), digestOf(bytes))
})

test('what is sent twice counts once; what is malformed is refused and stores nothing', async () => {
  const link = await open(await enrol('depot-1'))
  const batch = { bootId: 'b', records: [record(1), record(2)] }
  assert.deepEqual(await link.sendTelemetry(batch), { acknowledged: 2 })
  assert.deepEqual(await link.sendTelemetry(batch), { acknowledged: 2 })
  const rollups = await store.rollups.query({ namespace: 'default', sinceMs: 0 })
  assert.equal(rollups.length, 2)
  const stored = appended.length
  const bad = (over: object) =>
    link.sendTelemetry({ bootId: 'b', records: [{ ...record(3), ...over }] })
  await refused(bad({ requests: 'many' }), 'Refused', /requests/)
  await refused(bad({ requests: 1e300 }), 'Refused', /2\^53/)
  await refused(bad({ errors: 11 }), 'Refused', /errors/)
  await refused(bad({ endTime: '2026-11-21T11:00:00Z' }), 'Refused', /endTime/)
  await refused(bad({ latencyMs: { zero: 0, buckets: [1], sum: 0 } }), 'Refused', /pairs/)
  await refused(
    bad({ latencyMs: { zero: 0, buckets: [2, 1, 1, 1], sum: 0 } }),
    'Refused',
    /ascending/,
  )
  await refused(bad({ latencyMs: { zero: 0, buckets: [2, -1], sum: 0 } }), 'Refused', /counts/)
  // A kilobyte on the wire that would be more than a megabyte.
  const huge = { bootId: 'x'.repeat(2 ** 20 + 1), records: [] }
  await refused(link.sendTelemetry(huge), 'Refused', /1048576 bytes/)
  await refused(link.reportStatus({ ...report, health: 'Splendid' } as never), 'Refused', /health/)
  await refused(link.reportStatus([] as never), 'Refused')
  assert.equal(appended.length, stored)
  await link.reportStatus({ ...report, somethingNew: { a: 1 } } as StatusReport)
  assert.deepEqual(reports, [['depot-1', report]])
})

/** A link that carries 256 kB a second in one direction. */
async function slowRelay(direction: 'up' | 'down'): Promise<{ relay: Server; port: number }> {
  const bytesPerMs = 256
  const slow = (source: Socket, sink: Socket) =>
    source.on('data', (chunk) => {
      source.pause()
      sink.write(chunk)
      void systemClock.sleep(chunk.length / bytesPerMs).then(() => source.resume())
    })
  const relay = createServer((socket) => {
    const upstream = connect(gateway.port, '127.0.0.1')
    if (direction === 'up') {
      slow(socket, upstream)
      upstream.pipe(socket)
    } else {
      slow(upstream, socket)
      socket.pipe(upstream)
    }
    for (const end of [socket, upstream]) end.on('error', () => {})
    socket.on('close', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  return { relay, port: (relay.address() as AddressInfo).port }
}

test('a large slow upload of telemetry does not hold up a status report', async () => {
  const { relay, port } = await slowRelay('up')
  const link = await open(await enrol('depot-1'), { gateway: `https://127.0.0.1:${port}` })
  let uploaded = 0
  // Names that do not pack: some four megabytes, which take sixteen seconds here.
  const uploads = Array.from({ length: 8 }, async (_, boot) => {
    const records = Array.from({ length: 150 }, (__, sequence) => ({
      ...record(sequence),
      classes: Object.fromEntries(
        Array.from({ length: 100 }, (___, at) => [randomBytes(30).toString('base64'), at]),
      ),
    }))
    await link.sendTelemetry({ bootId: `boot-${boot}`, records })
    uploaded += 1
  })
  const settled = Promise.allSettled(uploads)
  await systemClock.sleep(300)
  const before = link.traffic().sentBytes
  const startMs = performance.now()
  await link.reportStatus(report)
  const tookMs = performance.now() - startMs
  assert.equal(reports.length, 1)
  assert.ok(tookMs < 1500, `${tookMs} ms`)
  assert.equal(uploaded, 0)
  assert.ok(before > 20_000, `${before} bytes of telemetry were on their way`)
  await link[Symbol.asyncDispose]()
  await settled
  relay.close()
})

test('a large slow download of a model does not hold up a site spec', async () => {
  const { relay, port } = await slowRelay('down')
  const device = await enrol('depot-1')
  const bytes = randomBytes(8 * 2 ** 20)
  await blobs.put(bytes)
  await putSpec(device, 1, { blobs: [digestOf(bytes)] })
  const link = await open(device, { gateway: `https://127.0.0.1:${port}` })
  const known = { epoch: 1, revision: 1 }
  const specs = link.specs(known, new AbortController().signal)[Symbol.asyncIterator]()
  const next = specs.next()
  let gotBytes = 0
  const download = (async () => {
    for await (const chunk of link.fetchBlob('m', digestOf(bytes), 0)) gotBytes += chunk.length
  })().catch(() => {})
  await systemClock.sleep(500)
  const startMs = performance.now()
  await putSpec(device, 2)
  assert.deepEqual((await next).value, envelope('revision 2'))
  const tookMs = performance.now() - startMs
  assert.ok(tookMs < 2500, `${tookMs} ms`)
  assert.ok(gotBytes > 20_000 && gotBytes < bytes.length, `${gotBytes} bytes of the model`)
  await link[Symbol.asyncDispose]()
  await download
  relay.close()
})

test('telemetry that the store is slow to take does not hold up a status report', async () => {
  const link = await open(await enrol('depot-1'))
  const gate = Promise.withResolvers<void>()
  appendGate = gate.promise
  const uploads = Array.from({ length: 8 }, (_, boot) =>
    link.sendTelemetry({ bootId: `boot-${boot}`, records: [record(1)] }),
  )
  await systemClock.sleep(50)
  await link.reportStatus(report)
  assert.deepEqual([reports.length, appended.length], [1, 0])
  gate.resolve()
  assert.equal((await Promise.all(uploads)).length, 8)
})

test('the hub opens streams to the device over the connection that the device opened', async () => {
  const device = await enrol('depot-1')
  await open(device)
  const ask = (session: ClientHttp2Session, path: string) =>
    new Promise<number>((resolve, reject) => {
      const stream = session.request({ ':path': path })
      stream.on('response', (headers) => resolve(headers[':status']!))
      stream.on('error', reject)
      stream.resume()
    })
  for (let round = 0; round < 3; round += 1) {
    const session = gateway.reverse(device.identity)
    assert.ok(session)
    assert.deepEqual(
      await Promise.all([ask(session, devicePaths.reverse), ask(session, '/else')]),
      [204, 404],
    )
    if (round === 1) session.destroy()
    if (round === 1) break
  }
  assert.equal(gateway.reverse({ namespace: 'default', device: 'nobody' }), undefined)
})

test('a certificate of another authority, of a removed device and one that is none open nothing', async () => {
  const device = await enrol('depot-1')
  const others = await openAuthority({ dir: join(dir, 'other'), clock: systemClock })
  const stranger = await enrol('depot-2', others)
  await refused(open(stranger), 'Refused', /not issued by this hub's authority/)
  await refused(open(device, { authority: others.certificate }), 'UntrustedHub', /authority/)
  const admin = await authority.issueAdmin()
  await refused(open({ ...device, ...admin }), 'Refused', /not the certificate of a device/)
  await store.state.delete(deviceKind, { namespace: 'default', name: device.identity.device })
  await refused(open(device), 'Revoked', /was removed/)
  // One without any certificate gets as far as a sentence.
  const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, { rejectUnauthorized: false })
  session.on('error', () => {})
  const stream = session.request({ ':path': devicePaths.spec })
  const status = await new Promise((resolve) =>
    stream.on('response', (headers) => resolve(headers[':status'])),
  )
  assert.equal(status, 403)
  session.destroy()
  assert.deepEqual(presence, [])
})

test('a certificate for another site than its device stands at is refused', async () => {
  const device = await enrol('depot-1')
  const other = await enrol('depot-2')
  const parsed = await parseSigningRequest(createSigningRequest(device.key, 'x'))
  assert.ok(parsed.ok)
  const { site, siteUid } = other.identity
  const moved = { ...device.identity, site, siteUid }
  const { certificate } = await authority.issueDevice(moved, parsed.publicKey)
  await refused(open({ ...device, certificate }), 'Revoked', /no longer belongs/)
  const borrowed = await authority.issueDevice(other.identity, parsed.publicKey)
  await refused(open({ ...device, ...borrowed }), 'Revoked', /another key/)
})

test('the connection of a device that is deleted is cut at once', async () => {
  const device = await enrol('depot-1')
  const link = await open(device)
  await link.reportStatus(report)
  const specs = link.specs(undefined, new AbortController().signal)[Symbol.asyncIterator]()
  const next = specs.next()
  const startMs = performance.now()
  await store.state.delete(deviceKind, { namespace: 'default', name: device.identity.device })
  assert.equal((await link.closed) instanceof Error, true)
  assert.ok(performance.now() - startMs < 2000)
  assert.equal((await next).done, true)
  await refused(link.reportStatus(report), 'Lost')
  await until(() => presence.length === 2, 'the presence')
  assert.deepEqual(
    presence.map(([, what]) => what),
    ['connected', 'disconnected'],
  )
})

test('an expired certificate opens the renewal and nothing else', async () => {
  const device = await enrol('depot-1')
  offsetMs = 25 * 3_600_000
  const link = await open(device)
  assert.deepEqual(gateway.connected(), [])
  await refused(link.reportStatus(report), 'CertificateExpired', /expired at/)
  await refused(link.pollSpec(undefined), 'CertificateExpired')
  await refused(
    Array.fromAsync(link.specs(undefined, new AbortController().signal)),
    'CertificateExpired',
  )
  const request = createSigningRequest(createDeviceKey(), 'x')
  await refused(link.renew({ request }), 'Refused', /another key/)
  await refused(link.renew({ request: 'junk' }), 'Refused', /request/)
  const renewed = await link.renew({ request: createSigningRequest(device.key, 'x') })
  assert.equal(renewed.authority, authority.certificate)
  assert.deepEqual(renewed.trustedKeys, [{ keyid: 'k', publicKey: 'p' }])
  assert.deepEqual(renewed.trustedKeySet, keySet)
  const again = await open({ ...device, certificate: renewed.certificate })
  await again.reportStatus(report)
  const stored = await store.state.get(deviceKind, {
    namespace: 'default',
    name: device.identity.device,
  })
  assert.equal(
    stored?.status?.certificate?.serialNumber,
    new X509Certificate(renewed.certificate).serialNumber.toLowerCase(),
  )
})

test('an expired certificate of a removed device does not renew', async () => {
  const device = await enrol('depot-1')
  await store.state.delete(deviceKind, { namespace: 'default', name: device.identity.device })
  offsetMs = 25 * 3_600_000
  await refused(open(device), 'Revoked')
})

test('a connection whose certificate runs out is closed to all but renewal, and a renewal keeps it', async () => {
  const device = await enrol('depot-1')
  const link = await open(device)
  await link.reportStatus(report)
  offsetMs = 25 * 3_600_000
  await refused(link.reportStatus(report), 'CertificateExpired')
  await link.renew({ request: createSigningRequest(device.key, 'x') })
  await link.reportStatus(report)
})

test('a device that comes back replaces its old connection, and nobody is told that it was gone', async () => {
  const device = await enrol('depot-1')
  const old = await open(device)
  const next = await open(device)
  await old.closed
  await next.reportStatus(report)
  assert.deepEqual(gateway.connected(), [device.identity])
  assert.deepEqual(presence, [[device.identity.device, 'connected']])
  await next[Symbol.asyncDispose]()
  await until(() => presence.length === 2, 'the end')
  assert.deepEqual(presence[1], [device.identity.device, 'disconnected'])
})

test('one version older is understood, an older one is told to update', async () => {
  const { key, certificate } = await enrol('depot-1')
  const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, {
    key,
    cert: certificate,
    ca: authority.certificate,
  })
  session.on('error', () => {})
  const ask = (protocol: string | undefined) =>
    new Promise<[number | undefined, unknown]>((resolve) => {
      const stream = session.request({
        ':path': `${devicePaths.spec}?poll=1`,
        ...(protocol === undefined ? {} : { 'skerry-protocol': protocol }),
      })
      stream.on('response', (headers) => resolve([headers[':status'], headers['skerry-refusal']]))
      stream.resume()
    })
  assert.deepEqual(await ask('1'), [304, undefined])
  assert.deepEqual(await ask('0'), [304, undefined])
  assert.deepEqual(await ask('2'), [304, undefined])
  assert.deepEqual(await ask(undefined), [304, undefined])
  assert.deepEqual(await ask('-1'), [426, 'ProtocolTooOld'])
  assert.deepEqual(await ask('junk'), [426, 'ProtocolTooOld'])
  session.destroy()
})

test('a body that is packed wrongly, in another way or not at all is told apart', async () => {
  const { key, certificate } = await enrol('depot-1')
  const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, {
    key,
    cert: certificate,
    ca: authority.certificate,
  })
  const post = (body: Buffer, encoding?: string) =>
    new Promise<number | undefined>((resolve) => {
      const stream = session.request({
        ':method': 'POST',
        ':path': devicePaths.status,
        ...(encoding === undefined ? {} : { 'content-encoding': encoding }),
      })
      stream.on('response', (headers) => resolve(headers[':status']))
      stream.on('error', () => {})
      stream.resume()
      stream.end(body)
    })
  const plain = Buffer.from(JSON.stringify(report))
  assert.equal(await post(plain), 204)
  assert.equal(await post(deflateSync(plain), 'deflate'), 204)
  assert.equal(await post(plain, 'deflate'), 400)
  assert.equal(await post(deflateSync(plain), 'br'), 415)
  assert.equal(await post(deflateSync(plain).subarray(0, 40), 'deflate'), 400)
  assert.equal(await post(deflateSync(Buffer.alloc(2 ** 24)), 'deflate'), 413)
  assert.equal(await post(Buffer.alloc(2 ** 20)), 413)
  assert.equal(await post(Buffer.from([0xff])), 400)
  assert.equal(await post(Buffer.from('['.repeat(100_000))), 400)
  session.destroy()
})

test('through a proxy by CONNECT, and a proxy that says no is named', async () => {
  const asked: string[] = []
  const sockets: Socket[] = []
  const proxy: HttpServer = createHttpServer()
  proxy.on('connect', (request, socket: Socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`)
    if (request.headers['proxy-authorization'] === undefined)
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
    const [host, port] = request.url!.split(':')
    const upstream = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      upstream.pipe(socket).pipe(upstream)
    })
    sockets.push(socket, upstream)
    upstream.on('error', () => socket.destroy())
    socket.on('error', () => upstream.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const { port } = proxy.address() as AddressInfo
  const device = await enrol('depot-1')
  const link = await open(device, { proxy: `http://shop:pass@127.0.0.1:${port}` })
  await link.reportStatus(report)
  const basic = Buffer.from('shop:pass').toString('base64')
  assert.deepEqual(asked, [`127.0.0.1:${gateway.port} Basic ${basic}`])
  await refused(open(device, { proxy: `http://127.0.0.1:${port}` }), 'Unreachable', /answered 407/)
  await refused(open(device, { proxy: 'socks5://127.0.0.1:1' }), 'Unreachable', /must be http/)
  for (const socket of sockets) socket.destroy()
  proxy.close()
  await refused(open(device, { proxy: `http://127.0.0.1:${port}` }), 'Unreachable', /proxy/)
  await link.closed
})

test('nobody there, nobody who answers and somebody else are told apart', async () => {
  const device = await enrol('depot-1')
  const silent: Server = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as AddressInfo
  const at = (value: number) => ({ gateway: `https://127.0.0.1:${value}`, connectTimeoutMs: 300 })
  await refused(open(device, at(port)), 'Unreachable', /within 300 ms/)
  silent.close()
  await refused(open(device, at(1)), 'Unreachable', /ECONNREFUSED/)
  await refused(
    open(device, { gateway: `https://127.0.0.2:${gateway.port}` }),
    'Unreachable',
    /ECONNREFUSED/,
  )
})

test('a half-open connection is noticed by both sides', async () => {
  await gateway[Symbol.asyncDispose]()
  gateway = await openOn(0, 200)
  const device = await enrol('depot-1')
  // A relay that stops passing bytes on without closing: a cable that was pulled.
  let isCut = false
  const relay = createServer((socket) => {
    const upstream = connect(gateway.port, '127.0.0.1')
    socket.on('data', (chunk) => isCut || upstream.write(chunk))
    upstream.on('data', (chunk) => isCut || socket.write(chunk))
    for (const end of [socket, upstream]) end.on('error', () => {})
  })
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve))
  const { port } = relay.address() as AddressInfo
  const link = await open(device, { gateway: `https://127.0.0.1:${port}`, keepAliveMs: 200 })
  await systemClock.sleep(1000)
  await link.reportStatus(report)
  assert.equal(gateway.connected().length, 1)
  isCut = true
  const reason = await link.closed
  assert.ok(reason instanceof LinkError && reason.reason === 'Lost')
  await until(() => gateway.connected().length === 0, 'the gateway to notice')
  relay.close()
})

test('an hour of idling costs little: what a connection and a heartbeat cost, in bytes', async () => {
  const link = await open(await enrol('depot-1'))
  const ended = new AbortController()
  const specs = Array.fromAsync(link.specs(undefined, ended.signal))
  await link.reportStatus(report)
  const sum = () => link.traffic().sentBytes + link.traffic().receivedBytes
  const connectedBytes = sum()
  for (let beat = 0; beat < 60; beat += 1) await link.reportStatus({ ...report, sequence: beat })
  const hourBytes = sum() - connectedBytes
  assert.ok(connectedBytes > 1000 && connectedBytes < 10_000, `${connectedBytes}`)
  assert.ok(hourBytes > 60 * 100 && hourBytes < 60_000, `${hourBytes}`)
  ended.abort()
  await specs
})
