import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { createServer as createProxy } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { isApiError } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'
import { type Authority, openAuthority } from '@skerry/hub/trust/authority'
import { createRawRequest } from '../src/raw-request.ts'

describe('TLS to a hub', () => {
  const stack = new AsyncDisposableStack()
  let authority: Authority
  let port: number

  before(async () => {
    const dir = await mkdtemp(join(tmpdir(), 'skerry-tls-'))
    stack.defer(() => rm(dir, { recursive: true }))
    authority = await openAuthority({ dir, clock: systemClock })
    const { key, certificate } = await authority.serverCertificate([])
    const server = createServer(
      {
        key,
        cert: certificate,
        ca: authority.certificate,
        requestCert: true,
        rejectUnauthorized: false,
      },
      ({ socket }, response) => {
        const { subject } = (socket as TLSSocket).getPeerCertificate()
        response.end(subject === undefined ? 'nobody' : String(subject.CN))
      },
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    stack.defer(async () => {
      server.closeAllConnections()
      await once(server.close(), 'close')
    })
    port = (server.address() as AddressInfo).port
  })
  after(() => stack.disposeAsync())

  it('shows the client certificate, by address and by name', async () => {
    const { certificate: clientCertificate, key: clientKey } = await authority.issueAdmin('ann')
    for (const host of ['127.0.0.1', 'localhost']) {
      const known = { server: `https://${host}:${port}`, authority: authority.certificate }
      assert.equal(
        await createRawRequest({ ...known, clientCertificate, clientKey })('GET', '/'),
        'ann',
      )
      assert.equal(await createRawRequest(known)('GET', '/'), 'nobody')
    }
  })
  it('trusts no other authority', async () => {
    const stranger = createRawRequest({ server: `https://127.0.0.1:${port}` })
    await assert.rejects(stranger('GET', '/'), (thrown) => {
      assert.ok(isApiError(thrown, 'ServiceUnavailable'))
      assert.match(thrown.message, /cannot be reached: .*certificate/)
      return true
    })
  })
  it('goes through a proxy, which sees only where to', async () => {
    const asked: string[] = []
    const proxy = createProxy()
    proxy.on('connect', ({ url = '' }, socket) => {
      asked.push(url)
      const onward = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n')
        onward.pipe(socket).pipe(onward)
      })
      onward.on('error', () => socket.destroy())
      socket.on('error', () => onward.destroy())
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    try {
      const request = createRawRequest({
        server: `https://127.0.0.1:${port}`,
        authority: authority.certificate,
        proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
      })
      assert.equal(await request('GET', '/'), 'nobody')
      assert.deepEqual(asked, [`127.0.0.1:${port}`])
    } finally {
      proxy.closeAllConnections()
      await once(proxy.close(), 'close')
    }
  })
})
