import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type RequestListener, createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { type StatusReason, isApiError } from '@skerry/api/status'
import { type Clock, systemClock } from '@skerry/base/clock'
import { requestTimeoutMs } from './http-limits.ts'
import { createHubConnection } from './hub-connection.ts'
import type { HubAddress } from './kubeconfig.ts'
import { createRawRequest } from './raw-request.ts'

type Answering = AsyncDisposable & { readonly server: string }

async function answering(listener: RequestListener): Promise<Answering> {
  const server = createServer(listener)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return {
    server: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    },
  }
}

const rejects = (action: Promise<unknown>, reason: StatusReason, message: RegExp): Promise<void> =>
  assert.rejects(action, (thrown) => {
    assert.ok(isApiError(thrown, reason), String(thrown))
    assert.match(thrown.message, message)
    return true
  })

const get = async (address: HubAddress, clock: Clock = systemClock): Promise<unknown> => {
  using connection = createHubConnection(address, clock)
  return await connection.send({ method: 'GET', path: '/x' })
}

describe('a connection to a hub', () => {
  it('sends who asks, and reads JSON, text and what is compressed', async () => {
    await using hub = await answering((request, response) => {
      if (request.url === '/text') return void response.end('ok')
      const body = JSON.stringify({ token: request.headers.authorization, big: 'x'.repeat(1000) })
      response.setHeader('content-type', 'application/json')
      response.setHeader('content-encoding', 'gzip')
      response.end(gzipSync(body))
    })
    const request = createRawRequest({ server: hub.server, token: 'abc' })
    const answer = (await request('GET', '/json')) as { token: string; big: string }
    assert.deepEqual([answer.token, answer.big.length], ['Bearer abc', 1000])
    assert.equal(await request('GET', '/text'), 'ok')
  })
  it('posts JSON', async () => {
    await using hub = await answering((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.setHeader('content-type', 'application/json')
        response.end(
          JSON.stringify([request.headers['content-type'], Buffer.concat(chunks).toString()]),
        )
      })
    })
    const request = createRawRequest({ server: hub.server })
    const sent = await request('POST', '/x', { a: 'é' })
    assert.deepEqual(sent, ['application/json', '{"a":"é"}'])
    const patched = (await request('PATCH', '/x', {})) as string[]
    assert.equal(patched[0], 'application/merge-patch+json')
  })
  it('makes errors of what the hub refuses, in whatever form', async () => {
    await using hub = await answering((request, response) => {
      if (request.url === '/text') return void response.writeHead(502).end('bad gateway')
      response.setHeader('content-type', 'application/json')
      response
        .writeHead(409)
        .end('{"kind":"Status","reason":"Conflict","message":"somebody was faster"}')
    })
    const request = createRawRequest({ server: hub.server })
    await rejects(request('GET', '/x'), 'Conflict', /^somebody was faster$/)
    await rejects(request('GET', '/text'), 'InternalError', /bad gateway/)
  })
  it('says that the hub cannot be reached, and why', async () => {
    const gone = await answering(() => {})
    await gone[Symbol.asyncDispose]()
    await rejects(
      get({ server: gone.server }),
      'ServiceUnavailable',
      /cannot be reached: .*ECONNREFUSED/,
    )
    await using silent = await answering(() => {})
    const hasty: Clock = {
      ...systemClock,
      sleep: (delayMs, signal) =>
        systemClock.sleep(delayMs === requestTimeoutMs ? 50 : delayMs, signal),
    }
    await rejects(
      get({ server: silent.server }, hasty),
      'ServiceUnavailable',
      /no answer within 60 s/,
    )
    await using rude = await answering((_request, response) => response.destroy())
    await rejects(get({ server: rude.server }), 'ServiceUnavailable', /cannot be reached/)
    await using cut = await answering((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half')
      response.destroy()
    })
    await rejects(get({ server: cut.server }), 'ServiceUnavailable', /cannot be reached/)
    await using odd = await answering((_request, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"half":'),
    )
    await rejects(get({ server: odd.server }), 'ServiceUnavailable', /JSON/)
  })
  it('goes through a proxy by CONNECT', async () => {
    await using hub = await answering((_request, response) => response.end('through'))
    const asked: string[] = []
    const proxy = createServer((request, response) => {
      // Plain HTTP is asked for by its whole address.
      asked.push(request.url ?? '')
      fetch(request.url!).then(
        async (answer) => response.end(await answer.text()),
        () => response.destroy(),
      )
    })
    proxy.on('connect', (request, socket) => {
      asked.push(request.url ?? '')
      const [host, port] = request.url!.split(':')
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      onward.on('error', () => socket.destroy())
      socket.on('error', () => onward.destroy())
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    const { port } = proxy.address() as AddressInfo
    try {
      const address = { server: hub.server, proxy: `http://127.0.0.1:${port}` }
      assert.equal(await get(address), 'through')
      const secure = { server: hub.server.replace('http:', 'https:'), proxy: address.proxy }
      await rejects(get(secure), 'ServiceUnavailable', /cannot be reached/)
      assert.equal(asked.length, 2)
      assert.equal(asked[1], hub.server.replace('http://', ''), 'TLS goes through CONNECT')
    } finally {
      proxy.closeAllConnections()
      await once(proxy.close(), 'close')
    }
  })
})
