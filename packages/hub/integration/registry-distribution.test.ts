import { strict as assert } from 'node:assert'
import { mkdtemp, rm } from 'node:fs/promises'
import {
  type IncomingHttpHeaders,
  type Server,
  createServer,
  request as requestHttp,
} from 'node:http'
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { type BlobStore, openBlobStore } from '@skerry/artifact/blob-store'
import { digestOf } from '@skerry/artifact/digest-of'
import { buildModelArtifact, imageManifestType } from '@skerry/artifact/oci-manifest'
import { createRegistryClient } from '@skerry/artifact/registry-client'
import {
  type RegistryTransport,
  createRegistryTransport,
} from '@skerry/artifact/registry-transport'
import { type Registry, createRegistry } from '../src/registry/registry.ts'

let dir: string
let blobs: BlobStore
let server: Server
let registry: Registry
let port: number

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'skerry-registry-'))
  blobs = await openBlobStore({
    dir: join(dir, 'blobs'),
    clock: systemClock,
    blobBytesMax: 2 ** 26,
  })
  registry = createRegistry({
    blobs,
    dir,
    log: silentLog,
    authorize: async (request, action, repository) => {
      if (request.headers.authorization === 'Bearer nobody') return 'Unknown'
      if (request.headers.authorization === 'Bearer reader' && action !== 'pull') return 'Denied'
      return repository === 'secret' && action === 'pull' ? 'Denied' : 'Allowed'
    },
  })
  server = createServer((request, response) => void registry(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
after(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  await rm(dir, { recursive: true, force: true })
})

type Sent = { headers?: Record<string, string>; body?: string | Buffer }
type Got = { status: number; headers: IncomingHttpHeaders; body: Buffer }

/** Sends the path as it is written: `fetch` would tidy it up. */
function send(method: string, path: string, { headers = {}, body }: Sent = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    const sent = requestHttp({ host: '127.0.0.1', port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const codeOf = (got: Got) =>
  (JSON.parse(got.body.toString()) as { errors: { code: string; message: string }[] }).errors[0]!
    .code

async function refused(sent: Promise<Got>, status: number, code: string): Promise<void> {
  const got = await sent
  assert.equal(got.status, status, got.body.toString())
  assert.equal(codeOf(got), code)
}

async function begin(repository: string): Promise<string> {
  const got = await send('POST', `/v2/${repository}/blobs/uploads/`)
  assert.equal(got.status, 202)
  return got.headers.location!
}

const push = (repository: string, text: string) =>
  send('POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf(text)}`, { body: text })

test('GET /v2/ says that it is a registry, to those who may know', async () => {
  const got = await send('GET', '/v2/')
  assert.equal(got.status, 200)
  assert.equal(got.headers['docker-distribution-api-version'], 'registry/2.0')
  const authorization = 'Bearer nobody'
  const unknown = await send('GET', '/v2/', { headers: { authorization } })
  assert.equal(unknown.status, 401)
  assert.match(unknown.headers['www-authenticate']!, /^Basic/)
  await refused(send('GET', '/v2/secret/tags/list'), 403, 'DENIED')
  const reader = { headers: { authorization: 'Bearer reader' } }
  await refused(send('POST', '/v2/a/blobs/uploads/', reader), 403, 'DENIED')
})

test('a blob goes in whole, in one PUT, and in pieces, and comes out whole and in ranges', async () => {
  const digest = digestOf('hello world')
  assert.equal((await push('a/b', 'hello world')).headers.location, `/v2/a/b/blobs/${digest}`)

  const put = await send('PUT', `${await begin('a/c')}?digest=${digest}`, { body: 'hello world' })
  assert.equal(put.status, 201)

  const location = await begin('a/d')
  const first = await send('PATCH', location, {
    headers: { 'content-range': '0-5' },
    body: 'hello ',
  })
  assert.equal(first.status, 202)
  assert.equal(first.headers.range, '0-5')
  assert.equal((await send('GET', location)).headers.range, '0-5')
  const early = await send('PATCH', location, { headers: { 'content-range': '9-10' }, body: 'xx' })
  assert.equal(early.status, 416)
  assert.equal(early.headers.range, '0-5')
  const last = { headers: { 'content-range': '6-10' }, body: 'world' }
  assert.equal((await send('PATCH', location, last)).status, 202)
  assert.equal((await send('PUT', `${location}?digest=${digest}`)).status, 201)
  await refused(send('GET', location), 404, 'BLOB_UPLOAD_UNKNOWN')

  const url = `/v2/a/d/blobs/${digest}`
  const whole = await send('GET', url)
  assert.equal(whole.body.toString(), 'hello world')
  assert.equal(whole.headers['docker-content-digest'], digest)
  assert.equal((await send('HEAD', url)).headers['content-length'], '11')
  const range = async (value: string) => {
    const got = await send('GET', url, { headers: { range: value } })
    return [got.status, got.headers['content-range'], got.body.toString()]
  }
  assert.deepEqual(await range('bytes=6-'), [206, 'bytes 6-10/11', 'world'])
  assert.deepEqual(await range('bytes=0-0'), [206, 'bytes 0-0/11', 'h'])
  assert.deepEqual(await range('bytes=-3'), [206, 'bytes 8-10/11', 'rld'])
  assert.deepEqual((await range('bytes=11-'))[0], 416)
  assert.deepEqual((await range('bytes=x'))[0], 200)
  // A blob of one repository is none of another until it is mounted.
  await refused(send('GET', `/v2/other/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
  const mount = await send('POST', `/v2/other/blobs/uploads/?mount=${digest}&from=a/d`)
  assert.equal(mount.status, 201)
  assert.equal((await send('HEAD', `/v2/other/blobs/${digest}`)).status, 200)
  assert.equal((await send('DELETE', `/v2/other/blobs/${digest}`)).status, 202)
  assert.equal((await send('HEAD', `/v2/other/blobs/${digest}`)).status, 404)
})

test('a blob of a repository that one may not read cannot be mounted', async () => {
  const digest = digestOf('a secret')
  assert.equal((await push('secret', 'a secret')).status, 201)
  const got = await send('POST', `/v2/x/blobs/uploads/?mount=${digest}&from=secret`)
  assert.equal(got.status, 202)
  await refused(send('GET', `/v2/x/blobs/${digest}`), 404, 'BLOB_UNKNOWN')
})

test('a wrong digest, a missing one and one that is none are refused and leave nothing', async () => {
  const wrong = digestOf('other')
  const post = send('POST', `/v2/a/blobs/uploads/?digest=${wrong}`, { body: 'text' })
  await refused(post, 400, 'DIGEST_INVALID')
  assert.equal(await blobs.stat(wrong), undefined)
  const location = await begin('a')
  await refused(send('PUT', location, { body: 'text' }), 400, 'DIGEST_INVALID')
  await refused(
    send('PUT', `${await begin('a')}?digest=${wrong}`, { body: 'x' }),
    400,
    'DIGEST_INVALID',
  )
  await refused(send('GET', '/v2/a/blobs/sha256:xyz'), 400, 'DIGEST_INVALID')
  await refused(send('GET', '/v2/a/blobs/..'), 400, 'DIGEST_INVALID')
  await refused(send('PATCH', `/v2/a/blobs/uploads/..%2f..`), 404, 'BLOB_UPLOAD_UNKNOWN')
})

test('a path in a name gets nobody anywhere', async () => {
  const digest = digestOf('hello world')
  for (const name of [
    '..',
    '../..',
    'a/../../etc',
    'a//b',
    'A',
    'a/_manifests',
    '%2e%2e/a',
    'a/..%2f..',
    'a\\b',
    '.a',
    'a.',
    'x'.repeat(300),
  ]) {
    await refused(send('GET', `/v2/${name}/blobs/${digest}`), 400, 'NAME_INVALID')
    await refused(send('POST', `/v2/${name}/blobs/uploads/`), 400, 'NAME_INVALID')
  }
  for (const tag of ['..', '.x', 'a%2fb', 'x'.repeat(200)])
    await refused(
      send('PUT', `/v2/a/manifests/${tag}`, { headers: { 'content-type': imageManifestType } }),
      400,
      'NAME_INVALID',
    )
  await refused(send('GET', '/v2/nothing'), 405, 'UNSUPPORTED')
  await refused(send('POST', `/v2/a/blobs/${digest}`), 405, 'UNSUPPORTED')
})

test('an upload that stops half way is taken up where it stopped', async () => {
  const text = 'x'.repeat(3000) + 'the end'
  const location = await begin('half')
  await new Promise<void>((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `PATCH ${location} HTTP/1.1\r\nhost: x\r\ncontent-length: ${text.length}\r\ncontent-range: 0-${text.length - 1}\r\n\r\n${text.slice(0, 3000)}`,
    )
    socket.on('close', () => resolve())
    void systemClock.sleep(50).then(() => socket.destroy())
  })
  let offset = 0
  for (let attempt = 0; attempt < 50 && offset !== 3000; attempt += 1) {
    await systemClock.sleep(20)
    offset = Number((await send('GET', location)).headers['x-skerry-upload-bytes'])
  }
  assert.equal(offset, 3000)
  const rest = { headers: { 'content-range': `3000-${text.length - 1}` }, body: 'the end' }
  assert.equal((await send('PATCH', location, rest)).status, 202)
  assert.equal((await send('PUT', `${location}?digest=${digestOf(text)}`)).status, 201)
})

test('a manifest needs its blobs, its type and its digest; tags list in order and go', async () => {
  const file = { digest: digestOf('weights'), sizeBytes: 7, path: 'model.onnx' }
  const model = { name: 'digits', version: 'v1', format: 'onnx' }
  const { config, manifest } = buildModelArtifact(model, file)
  const body = Buffer.from(manifest)
  const headers = { 'content-type': imageManifestType }
  const repository = 'models/default/digits'
  const url = `/v2/${repository}/manifests`
  await refused(send('PUT', `${url}/v1`, { headers, body }), 400, 'MANIFEST_BLOB_UNKNOWN')
  await push(repository, 'weights')
  await push(repository, Buffer.from(config).toString())
  const lie = JSON.parse(body.toString()) as { layers: { size: number }[] }
  lie.layers[0]!.size = 8
  const lying = send('PUT', `${url}/v1`, { headers, body: JSON.stringify(lie) })
  await refused(lying, 400, 'MANIFEST_BLOB_UNKNOWN')
  await refused(send('PUT', `${url}/v1`, { body }), 400, 'MANIFEST_INVALID')
  await refused(send('PUT', `${url}/v1`, { headers, body: '{}' }), 400, 'MANIFEST_INVALID')
  await refused(send('PUT', `${url}/${digestOf('x')}`, { headers, body }), 400, 'DIGEST_INVALID')
  const huge = send('PUT', `${url}/v1`, { headers, body: Buffer.alloc(5 * 2 ** 20, 32) })
  await refused(huge, 413, 'SIZE_INVALID')
  await refused(send('GET', `/v2/nobody/tags/list`), 404, 'NAME_UNKNOWN')

  for (const tag of ['v2', 'v1'])
    assert.equal((await send('PUT', `${url}/${tag}`, { headers, body })).status, 201)
  const got = await send('GET', `${url}/v1`)
  assert.deepEqual(got.body, body)
  assert.equal(got.headers['content-type'], imageManifestType)
  assert.equal(got.headers['docker-content-digest'], digestOf(body))
  assert.deepEqual((await send('GET', `${url}/${digestOf(body)}`)).body, body)
  assert.equal((await send('HEAD', `${url}/v1`)).headers['content-length'], String(body.length))
  const tagsOf = async (query = '') =>
    (
      JSON.parse((await send('GET', `/v2/${repository}/tags/list${query}`)).body.toString()) as {
        tags: string[]
      }
    ).tags
  assert.deepEqual(await tagsOf(), ['v1', 'v2'])
  assert.deepEqual(await tagsOf('?n=1'), ['v1'])
  assert.deepEqual(await tagsOf('?n=1&last=v1'), ['v2'])
  assert.equal((await send('DELETE', `${url}/v1`)).status, 202)
  assert.deepEqual(await tagsOf(), ['v2'])
  assert.equal((await send('DELETE', `${url}/${digestOf(body)}`)).status, 202)
  assert.deepEqual(await tagsOf(), [])
  await refused(send('GET', `${url}/v2`), 404, 'MANIFEST_UNKNOWN')
})

test('the client pushes in pieces and pulls, over a link that breaks again and again', async () => {
  const bytes = Buffer.alloc(9 * 2 ** 20)
  for (let index = 0; index < bytes.length; index += 4096) bytes.writeUInt32BE(index, index)
  const digest = digestOf(bytes)
  const inner = createRegistryTransport()
  let breaks = 0
  let calls = 0
  const flaky: RegistryTransport = async (request) => {
    calls += 1
    const answer = await inner(request)
    if (request.method === 'PATCH' && calls % 2 === 1) {
      // The bytes arrived, the answer is lost.
      breaks += 1
      throw new Error('the link broke')
    }
    if (request.method !== 'GET' || breaks > 4) return answer
    return {
      ...answer,
      header: (name) => answer.header(name),
      body: (async function* () {
        let sent = 0
        for await (const chunk of answer.body) {
          yield chunk
          if ((sent += chunk.length) > 2 ** 20) {
            breaks += 1
            throw new Error('the link broke')
          }
        }
      })(),
    }
  }
  const client = createRegistryClient({
    registry: `http://127.0.0.1:${port}`,
    transport: flaky,
    clock: { ...systemClock, sleep: async () => {} },
  })
  const progress: number[] = []
  const blob = {
    digest,
    sizeBytes: bytes.length,
    read: async function* (offset: number) {
      yield bytes.subarray(offset)
    },
    onProgress: (sentBytes: number) => void progress.push(sentBytes),
  }
  await client.pushBlob('flaky', blob)
  assert.equal(progress.at(-1), bytes.length)
  assert.ok(breaks > 0)
  assert.equal(await client.hasBlob('flaky', digest), bytes.length)
  const pulled = Buffer.concat(await Array.fromAsync(client.pullBlob('flaky', digest)))
  assert.equal(digestOf(pulled), digest)
  assert.ok(breaks > 3, `${breaks} breaks`)
})

test('over HTTP/2, as other clients speak, a blob goes in and out and too much is told', async () => {
  const http2Server = createHttp2Server((request, response) => void registry(request, response))
  await new Promise<void>((resolve) => http2Server.listen(0, '127.0.0.1', resolve))
  const session = connectHttp2(`http://127.0.0.1:${(http2Server.address() as AddressInfo).port}`)
  const ask = (method: string, path: string, body?: Buffer, headers: object = {}) =>
    new Promise<[number, string]>((resolve, reject) => {
      const stream = session.request({ ':method': method, ':path': path, ...headers })
      let status = 0
      let text = ''
      stream.on('response', (answered) => (status = answered[':status']!))
      stream.setEncoding('utf8')
      stream.on('data', (chunk: string) => (text += chunk))
      stream.on('end', () => {
        stream.close()
        resolve([status, text])
      })
      stream.on('error', reject)
      stream.end(body)
    })
  const digest = digestOf('h2')
  const url = '/v2/h2/blobs/uploads/'
  assert.equal((await ask('POST', `${url}?digest=${digest}`, Buffer.from('h2')))[0], 201)
  assert.deepEqual(await ask('GET', `/v2/h2/blobs/${digest}`), [200, 'h2'])
  const huge = Buffer.alloc(2 ** 26 + 1)
  const [status, text] = await ask('POST', `${url}?digest=${digest}`, huge)
  assert.equal(status, 413)
  assert.match(text, /SIZE_INVALID/)
  const manifest = { 'content-type': imageManifestType }
  assert.equal(
    (await ask('PUT', '/v2/h2/manifests/v1', Buffer.alloc(5 * 2 ** 20), manifest))[0],
    413,
  )
  session.destroy()
  await new Promise((resolve) => http2Server.close(resolve))
})
