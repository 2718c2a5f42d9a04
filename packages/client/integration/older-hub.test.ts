// A device whose hub is one version older or newer than itself.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type ServerHttp2Stream, createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type StatusReport, devicePaths, deviceProtocolVersion } from '@skerry/api/device-protocol'
import { systemClock } from '@skerry/base/clock'
import { openAuthority } from '@skerry/hub/trust/authority'
import { createDeviceNetwork } from '../src/device-connection.ts'
import { type DeviceLink, LinkError, type LinkOptions } from '../src/device-link.ts'

type Answer = (stream: ServerHttp2Stream, path: string, protocol: string | undefined) => void

const stack = new AsyncDisposableStack()
const network = createDeviceNetwork({ clock: systemClock })
let options: Omit<LinkOptions, 'gateway'>
let gateway: string
let answer: Answer
let asked: (string | undefined)[] = []

before(async () => {
  const dir = await mkdtemp(join(tmpdir(), 'skerry-older-'))
  stack.defer(() => rm(dir, { recursive: true }))
  const authority = await openAuthority({ dir, clock: systemClock })
  const { key, certificate: cert } = await authority.serverCertificate([])
  // Without extended CONNECT, as a hub from before the hub opened streams.
  const server = createSecureServer({ key, cert, requestCert: true, rejectUnauthorized: false })
  server.on('stream', (stream, headers) => {
    const protocol = headers['skerry-protocol']
    asked.push(String(protocol))
    answer(stream, headers[':path']?.split('?')[0] ?? '', String(protocol))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  stack.defer(() => new Promise<void>((resolve) => server.close(() => resolve())))
  gateway = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const admin = await authority.issueAdmin()
  options = {
    authority: authority.certificate,
    certificate: admin.certificate,
    key: admin.key,
    identity: { namespace: 'default', site: 's', siteUid: 'u', device: 'd' },
    connectTimeoutMs: 5000,
    keepAliveMs: 60_000,
  }
})
after(() => stack.disposeAsync())

async function open(): Promise<DeviceLink> {
  asked = []
  return network.connect({ ...options, gateway }, new AbortController().signal)
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

test('an older hub, which opens no streams and knows less, is worked with', async () => {
  answer = (stream, path) => {
    stream.resume()
    if (path === devicePaths.spec) stream.respond({ ':status': 304 }, { endStream: true })
    else if (path === devicePaths.status) stream.respond({ ':status': 204 }, { endStream: true })
    else stream.respond({ ':status': 404 }, { endStream: true })
  }
  await using link = await open()
  assert.equal(await link.pollSpec(undefined), undefined)
  await link.reportStatus(report)
  await assert.rejects(link.sendTelemetry({ bootId: 'b', records: [] }), (error) => {
    assert.ok(error instanceof LinkError && error.reason === 'Refused', String(error))
    assert.match(error.message, /answered 404/)
    return true
  })
  assert.equal(await link.pollSpec(undefined), undefined, 'what it refuses ends nothing')
  assert.deepEqual(
    new Set(asked),
    new Set([String(deviceProtocolVersion)]),
    'each says its version',
  )
})

test('a newer hub may say more than the device knows', async () => {
  const envelope = { payloadType: 't', payload: '', signatures: [], ofANewerHub: [1] }
  answer = (stream, path) => {
    stream.resume()
    if (path === devicePaths.telemetry) {
      stream.respond({ ':status': 200, 'of-a-newer-hub': 'x' })
      return void stream.end(JSON.stringify({ acknowledged: 7, ofANewerHub: true }))
    }
    const frame = Buffer.from(JSON.stringify(envelope))
    const length = Buffer.alloc(4)
    length.writeUInt32BE(frame.length)
    stream.respond({ ':status': 200 })
    stream.end(Buffer.concat([length, frame]))
  }
  await using link = await open()
  assert.equal((await link.pollSpec(undefined))?.payloadType, 't')
  assert.equal((await link.sendTelemetry({ bootId: 'b', records: [] })).acknowledged, 7)
})

test('a hub that is too new for the device says so, and what to do', async () => {
  answer = (stream) => {
    stream.resume()
    stream.respond({ ':status': 426, 'skerry-refusal': 'ProtocolTooOld' })
    stream.end(
      JSON.stringify({ message: 'The hub speaks versions 8 and newer: update the agent.' }),
    )
  }
  await using link = await open()
  await assert.rejects(link.reportStatus(report), (error) => {
    assert.ok(error instanceof LinkError && error.reason === 'ProtocolTooOld', String(error))
    assert.match(error.message, /versions 8 and newer: update the agent/)
    return true
  })
})
