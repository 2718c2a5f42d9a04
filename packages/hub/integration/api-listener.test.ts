// The port for people against clients that are slow, silent or flooding, and how it closes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingMessage } from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2'
import { Agent, request as requestHttps } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { type TLSSocket, connect as connectTls } from 'node:tls'
import { type Clock, systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { type ApiListener, type Handler, listenApi } from '../src/api-listener.ts'
import { openAuthority } from '../src/trust/authority.ts'

/** A minute of its takes three seconds of ours. */
const fast: Clock = {
  now: () => systemClock.now(),
  monotonicMs: () => systemClock.monotonicMs() * 20,
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
}

let folder: string
let certificates: { key: string; certificate: string; authority: string }

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-listener-'))
  const authority = await openAuthority({ dir: folder, clock: systemClock })
  const { key, certificate } = await authority.serverCertificate([])
  certificates = { key, certificate, authority: authority.certificate }
})
after(() => rm(folder, { recursive: true }))

/** Answers that go on until the test ends them. */
const watches: Parameters<Handler>[1][] = []

/** Reads the whole body before it answers; `/refuse` answers without looking at it. */
const handler: Handler = async (request, response) => {
  if (request.url === '/watch') {
    response.write('first')
    watches.push(response)
    return true
  }
  if (request.url === '/large') {
    response.end(Buffer.alloc(50 * 2 ** 20))
    return true
  }
  let bytes = 0
  if (request.url !== '/refuse')
    try {
      for await (const chunk of request) bytes += (chunk as Buffer).length
    } catch {
      return true
    }
  if (request.url === '/slow') await systemClock.sleep(700)
  if (!response.headersSent) response.setHeader('content-type', 'text/plain')
  if (!response.writableEnded) response.end(String(bytes))
  return true
}

const listening = (clock: Clock = fast): Promise<ApiListener> =>
  listenApi({
    ...certificates,
    host: '127.0.0.1',
    port: 0,
    handlers: [handler],
    clock,
    log: silentLog,
  })

async function dial({ port }: ApiListener, protocol: 'http/1.1' | 'h2'): Promise<TLSSocket> {
  const ca = certificates.authority
  const socket = connectTls({ port, host: '127.0.0.1', ca, ALPNProtocols: [protocol] })
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

const session = async ({ port }: ApiListener): Promise<ClientHttp2Session> => {
  const opened = connectHttp2(`https://127.0.0.1:${port}`, { ca: certificates.authority })
  opened.on('error', () => {})
  await once(opened, 'connect')
  return opened
}

/** All that the other side says until it closes; fails if it does not in time. */
async function untilClosed(socket: TLSSocket, withinMs: number): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.resume()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const late = systemClock.sleep(withinMs).then(() => assert.fail(`open after ${withinMs} ms`))
  if (!socket.closed) await Promise.race([closed, late])
  return text
}

describe('slow and silent clients', { concurrency: true }, () => {
  it('headers that trickle over HTTP/1.1, and a connection that says nothing', async () => {
    await using listener = await listening(systemClock)
    const trickling = await dial(listener, 'http/1.1')
    trickling.write('GET / HTTP/1.1\r\nhost: x\r\n')
    const drip = setInterval(() => trickling.write('x: y\r\n'), 500)
    const silent = await dial(listener, 'http/1.1')
    const [said] = await Promise.all([untilClosed(trickling, 20_000), untilClosed(silent, 20_000)])
    clearInterval(drip)
    assert.match(said, /^HTTP\/1\.1 408 /)
  })

  it('a connection of HTTP/2 that asks nothing, or whose headers trickle', async () => {
    await using listener = await listening()
    const silent = await session(listener)
    const trickling = await dial(listener, 'h2')
    trickling.write(preface)
    trickling.write(frame(1, 0, 1, Buffer.from([0x82])))
    await Promise.all([
      once(silent, 'close', { signal: AbortSignal.timeout(10_000) }),
      untilClosed(trickling, 10_000),
    ])
  })

  it('a body that trickles is answered with 408, whatever the version', async () => {
    await using listener = await listening()
    const one = await dial(listener, 'http/1.1')
    one.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n')
    // Heard from the start: what came before the connection is reset would be lost.
    const answered = untilClosed(one, 10_000)
    const drip = setInterval(() => one.write('x'), 100)
    const two = await session(listener)
    const stream = two.request({ ':method': 'POST', ':path': '/' })
    stream.on('error', () => {})
    stream.write('x')
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    assert.equal(headers[':status'], 408)
    const said = await answered
    clearInterval(drip)
    assert.match(said, /^HTTP\/1\.1 408 /)
    assert.match(said, /"reason":"Timeout"/)
    two.destroy()
  })

  it('a body that trickles after it was refused ends the connection', async () => {
    await using listener = await listening()
    const socket = await dial(listener, 'http/1.1')
    socket.write('POST /refuse HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n')
    const drip = setInterval(() => socket.write('x'), 100)
    const said = await untilClosed(socket, 10_000)
    clearInterval(drip)
    assert.match(said, /^HTTP\/1\.1 200 /)
  })

  it('an upload to the registry may take long, but not stand still', async () => {
    await using listener = await listening()
    const socket = await dial(listener, 'http/1.1')
    const length = 100 * 2 ** 20
    socket.write(`PUT /v2/x HTTP/1.1\r\nhost: x\r\ncontent-length: ${length}\r\n\r\n`)
    const drip = setInterval(() => socket.write(Buffer.alloc(8192)), 100)
    let isClosed = false
    socket.once('close', () => (isClosed = true))
    await systemClock.sleep(5000)
    assert.equal(isClosed, false, 'a hundred seconds of its time, and it moves')
    clearInterval(drip)
    await untilClosed(socket, 12_000)
  })

  it('an answer of which nothing is taken is cut off', async () => {
    await using listener = await listening()
    const socket = await dial(listener, 'http/1.1')
    socket.pause()
    socket.write('GET /large HTTP/1.1\r\nhost: x\r\n\r\n')
    await systemClock.sleep(17_000)
    assert.ok((await untilClosed(socket, 5000)).length < 50 * 2 ** 20)
  })
})

const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0)])

function frame(type: number, flags: number, stream: number, payload = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** Sends frames without reading an answer until the other side has had enough. */
async function flood(socket: TLSSocket, one: Buffer): Promise<void> {
  socket.pause()
  const many = Buffer.concat(Array.from({ length: 1000 }, () => one))
  let isClosed = false
  for (const event of ['close', 'error', 'end']) socket.once(event, () => (isClosed = true))
  for (let round = 0; round < 2000 && !isClosed; round += 1) {
    const isTaken = socket.write(many)
    // What the other side sent is thrown away, or its end would not be seen.
    if (round % 20 === 19) socket.resume()
    if (!isTaken) await systemClock.sleep(5)
    else await new Promise(setImmediate)
  }
  if (!isClosed) throw new Error('it was never cut off')
}

describe('clients that flood', () => {
  const floods: [string, Buffer][] = [
    ['SETTINGS', frame(4, 0, 0)],
    ['PING', frame(6, 0, 0, Buffer.alloc(8))],
  ]
  for (const [name, one] of floods)
    it(`${name} of HTTP/2: the connection is closed, or nothing piles up`, async () => {
      await using listener = await listening(systemClock)
      const socket = await dial(listener, 'h2')
      socket.write(preface)
      const before = process.memoryUsage().rss
      const outcome = await flood(socket, one).then(
        () => 'closed',
        () => 'borne',
      )
      const grown = process.memoryUsage().rss - before
      assert.ok(outcome === 'closed' || grown < 200 * 2 ** 20, `${outcome}, ${grown} bytes more`)
      socket.destroy()
    })

  it('CONTINUATION without an end', async () => {
    await using listener = await listening(systemClock)
    const socket = await dial(listener, 'h2')
    socket.write(Buffer.concat([preface, frame(1, 0, 1, Buffer.from([0x82, 0x87, 0x84]))]))
    const field = Buffer.concat([Buffer.from([0x40, 1]), Buffer.from('x'), Buffer.from([1, 0x79])])
    await flood(socket, frame(9, 0, 1, field))
  })

  it('streams that are taken back at once', async () => {
    await using listener = await listening(systemClock)
    const socket = await dial(listener, 'h2')
    socket.write(preface)
    // GET https://x/ and RST_STREAM with CANCEL.
    const fields = Buffer.from([0x82, 0x87, 0x84, 0x41, 1, 0x78])
    const cancel = Buffer.from([0, 0, 0, 8])
    const isClosed = untilClosed(socket, 20_000)
    for (let id = 1; id < 4000 && !socket.closed && socket.writable; id += 2) {
      socket.write(Buffer.concat([frame(1, 5, id, fields), frame(3, 0, id, cancel)]))
      if (id % 100 === 99) await new Promise(setImmediate)
    }
    await isClosed
  })

  it('headers that are too large, and TLS that is too old', async () => {
    await using listener = await listening(systemClock)
    const socket = await dial(listener, 'http/1.1')
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(64 * 1024)}\r\n\r\n`)
    assert.match(await untilClosed(socket, 5000), /^HTTP\/1\.1 431 /)
    const client = await session(listener)
    for (const headers of [
      { x: 'y'.repeat(100 * 1024) },
      Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`x-${at}`, 'y'])),
    ]) {
      const stream = client.request({ ':path': '/', ...headers })
      const status = await once(stream, 'response').then(
        ([answer]) => (answer as Record<string, unknown>)[':status'],
        () => 'cut',
      )
      assert.ok(
        status === 'cut' || status === 431,
        `${String(status)} ${Object.keys(headers).length}`,
      )
    }
    client.destroy()
    const old = connectTls({
      port: listener.port,
      host: '127.0.0.1',
      ca: certificates.authority,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    await assert.rejects(once(old, 'secureConnect'))
  })

  it('at most 250 streams at a time', async () => {
    await using listener = await listening(systemClock)
    const client = await session(listener)
    await systemClock.sleep(50)
    assert.equal(client.remoteSettings.maxConcurrentStreams, 250)
    client.destroy()
  })
})

describe('a stop', () => {
  it('lets requests end, tells both versions to go elsewhere, and resets nobody', async () => {
    const listener = await listening(systemClock)
    const agent = new Agent({ keepAlive: true, ca: certificates.authority, maxSockets: 8 })
    const outcomes = new Map<string, number>()
    const count = (outcome: string) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    const ask = (path: string) =>
      new Promise<string>((resolve) => {
        const sent = requestHttps(
          { port: listener.port, host: '127.0.0.1', agent, path, method: 'POST' },
          (response: IncomingMessage) => {
            response.resume()
            response.once('end', () => resolve(String(response.statusCode)))
            response.once('error', (error) => resolve(error.message))
          },
        )
        sent.once('error', ({ code, syscall, message }: NodeJS.ErrnoException) =>
          // A connection that waits in the kernel when the door closes was never heard: nothing was sent.
          resolve(syscall === 'connect' ? 'not let in' : (code ?? message)),
        )
        sent.end('body')
      })
    let isOver = false
    const clients = Array.from({ length: 8 }, async (_, index) => {
      while (!isOver) {
        const outcome = await ask(index % 2 === 0 ? '/' : '/slow')
        count(outcome)
        if (outcome === 'not let in') return
      }
    })
    const two = await session(listener)
    const goodbye = once(two, 'goaway')
    const slow = two.request({ ':path': '/slow' })
    const response = once(slow, 'response')
    await systemClock.sleep(300)
    await listener.drain()
    const [headers] = (await response) as [Record<string, unknown>]
    assert.equal(headers[':status'], 200)
    const [code] = (await goodbye) as [number]
    assert.equal(code, constants.NGHTTP2_NO_ERROR)
    await systemClock.sleep(1000)
    await listener[Symbol.asyncDispose]()
    isOver = true
    await Promise.all(clients)
    agent.destroy()
    assert.deepEqual([...outcomes.keys()].toSorted(), ['200', 'not let in'])
  })

  it('ends watches of HTTP/2 whole: their end is sent before the connection goes', async () => {
    const listener = await listening(systemClock)
    const two = await session(listener)
    const streams = Array.from({ length: 20 }, () => two.request({ ':path': '/watch' }))
    const ends = streams.map(async (stream) => {
      await once(stream, 'data')
      const closed = once(stream, 'close')
      stream.resume()
      await closed
      return { isWhole: stream.readableEnded && !stream.aborted, code: stream.rstCode }
    })
    while (watches.length < streams.length) await systemClock.sleep(10)
    await listener.drain()
    for (const response of watches.splice(0)) response.end()
    await listener[Symbol.asyncDispose]()
    for (const end of await Promise.all(ends)) assert.deepEqual(end, { isWhole: true, code: 0 })
  })
})
