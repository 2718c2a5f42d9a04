import { once } from 'node:events'
import {
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  createSecureServer,
} from 'node:http2'
import { type AddressInfo, Server, type Socket } from 'node:net'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import {
  apiConnectionsMax,
  apiHandshakeMs,
  apiHeaderBytesMax,
  apiHeaderFieldsMax,
  apiHeadersMs,
  apiIdleMs,
  apiKeepAliveMs,
  apiProbeAfterMs,
  apiResetsBurstMax,
  apiResetsPerSecondMax,
  apiStreamsMax,
  drainAnnounceMs,
  drainLingerMs,
  lastFramesMsMax,
  slowLookMs,
} from './limits.ts'
import { type Http2Sessions, createHttp2Sessions } from './listener/http2-sessions.ts'
import { type OpenRequests, createOpenRequests } from './listener/open-requests.ts'

/** Answers a request, or says that the path is another's by resolving to false. */
export type Handler = (
  request: Http2ServerRequest,
  response: Http2ServerResponse,
) => Promise<boolean> | boolean

export type ListenerOptions = {
  readonly host: string
  readonly port: number
  /** PEM. The certificate file carries the authority too. */
  readonly key: string
  readonly certificate: string
  readonly authority: string
  /** Asked in order; the first that knows the path answers. */
  readonly handlers: readonly Handler[]
  readonly clock: Clock
  readonly log: Log
}

export type ApiListener = AsyncDisposable & {
  readonly port: number
  /** Takes another certificate for the connections to come. */
  renew(key: string, certificate: string): void
  /**
   * Tells every client to go elsewhere, still answers for a moment, and lets nobody in after that. Requests
   * that are under way go on.
   */
  drain(): Promise<void>
}

/** Bodies on these paths are large files. */
const isUpload = (path: string): boolean => path.startsWith('/v2/')

/**
 * The port for people and their tools: HTTP/2 and HTTP/1.1 over TLS. A client certificate is asked for
 * and not demanded; who sent a request is decided later. Rejects with a sentence when the port is taken.
 */
export async function listenApi(options: ListenerOptions): Promise<ApiListener> {
  const { host, port, authority, clock } = options
  const requests = createOpenRequests(clock, isUpload)
  const sessions = createHttp2Sessions(clock)
  let isLeaving = false
  const server = createServer(options, (request, response) => {
    requests.add(request, response)
    if (isLeaving && request.httpVersionMajor === 1) response.setHeader('Connection', 'close')
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('session', (session) => sessions.add(session))
  await listen(server, { host, port })
  const stop = new AbortController()
  void lookNowAndThen({ requests, sessions, clock }, stop.signal)
  const closed = once(server, 'close')
  return {
    port: (server.address() as AddressInfo).port,
    renew: (newKey, newCertificate) =>
      server.setSecureContext({ key: newKey, cert: newCertificate, ca: authority }),
    drain: async () => {
      isLeaving = true
      sessions.sayGoodbye()
      // Whoever is busy asks again in this time, and is told; whoever idles notices the end by itself.
      if (sockets.size > 0) await clock.sleep(drainAnnounceMs)
      // Only the door: a server of HTTP would cut connections that have asked nothing yet.
      Server.prototype.close.call(server)
      if (sockets.size > 0) await clock.sleep(drainLingerMs)
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      server.close()
      // Streams that would go on for ever have been ended by their own servers before this one; of HTTP/2
      // the last frames, which say so, may still be on their way.
      sessions.sayGoodbye()
      await sessions.left(lastFramesMsMax)
      for (const socket of sockets) socket.destroySoon()
      await closed
    },
  }
}

function createServer(options: ListenerOptions, seen: (...pair: Parameters<Handler>) => void) {
  const { key, certificate, authority, log } = options
  const server = createSecureServer(
    {
      key,
      cert: certificate,
      ca: authority,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: apiHandshakeMs,
      allowHTTP1: true,
      keepAlive: true,
      keepAliveInitialDelay: apiProbeAfterMs,
      maxHeaderListPairs: apiHeaderFieldsMax,
      streamResetBurst: apiResetsBurstMax,
      streamResetRate: apiResetsPerSecondMax,
      settings: { maxHeaderListSize: apiHeaderBytesMax, maxConcurrentStreams: apiStreamsMax },
    },
    (request, response) => {
      response.on('error', (error) => log.debug('An answer broke.', { error: error.message }))
      // What nobody read of a body would stand in the way of the next request on the connection.
      response.once('finish', () => request.resume())
      seen(request, response)
      void answer(options, request, response)
    },
  )
  server.on('secureConnection', (socket) => socket.on('error', () => {}))
  server.on('sessionError', () => {})
  server.on('tlsClientError', () => {})
  server.setTimeout(apiIdleMs)
  // Nobody need sign in to connect.
  server.maxConnections = apiConnectionsMax
  // Of HTTP/1.1, which this server speaks too though its type does not say so.
  return Object.assign(server, {
    headersTimeout: apiHeadersMs,
    // Bodies have bounds of their own: those of large files take long.
    requestTimeout: 0,
    keepAliveTimeout: apiKeepAliveMs,
    connectionsCheckingInterval: slowLookMs,
    maxHeadersCount: apiHeaderFieldsMax,
  })
}

type Looking = {
  readonly requests: OpenRequests
  readonly sessions: Http2Sessions
  readonly clock: Clock
}

async function lookNowAndThen(
  { requests, sessions, clock }: Looking,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(slowLookMs, signal).catch(() => {})
    requests.look()
    sessions.look()
  }
}

async function listen(
  server: Http2SecureServer,
  { host, port }: { host: string; port: number },
): Promise<void> {
  const listening = once(server, 'listening')
  server.listen(port, host)
  try {
    await listening
  } catch (thrown) {
    throw listenFailure(thrown, { host, port, option: '--port' })
  }
}

/** Why a port could not be had, and what to do. */
export function listenFailure(
  thrown: unknown,
  { host, port, option }: { host: string; port: number; option: string },
): Error {
  const { code, message } = toError(thrown) as NodeJS.ErrnoException
  if (code === 'EADDRINUSE')
    return new Error(
      `Port ${port} on ${host} is in use: stop what uses it, or choose another with ${option}.`,
    )
  if (code === 'EACCES')
    return new Error(
      `Port ${port} may not be used by this user: choose one above 1023 with ${option}.`,
    )
  return new Error(`Cannot listen on ${host}:${port}: ${message}`)
}

async function answer(
  { handlers, log }: ListenerOptions,
  request: Http2ServerRequest,
  response: Http2ServerResponse,
): Promise<void> {
  try {
    for (const handle of handlers) if (await handle(request, response)) return
    response.writeHead(404, { 'content-type': 'text/plain; charset=utf-8' })
    response.end('There is nothing at this path.\n')
  } catch (thrown) {
    log.error('A request failed.', { path: request.url, error: toError(thrown).message })
    if (response.headersSent) response.destroy()
    else {
      response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
      response.end('The hub failed here: its log says why.\n')
    }
  }
}
