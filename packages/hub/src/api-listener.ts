import { once } from 'node:events'
import {
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  createSecureServer,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { toError } from '@skerry/base/assert'
import type { Log } from '@skerry/base/log'
import { apiConnectionsMax, apiHeaderBytesMax, apiIdleMs } from './limits.ts'

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
  readonly log: Log
}

export type ApiListener = AsyncDisposable & {
  readonly port: number
  /** Takes another certificate for the connections to come. */
  renew(key: string, certificate: string): void
}

/**
 * The port for people and their tools: HTTP/2 and HTTP/1.1 over TLS. A client certificate is asked for
 * and not demanded; who sent a request is decided later. Rejects with a sentence when the port is taken.
 */
export async function listenApi(options: ListenerOptions): Promise<ApiListener> {
  const { host, port, key, certificate, authority, log } = options
  const server = createSecureServer(
    {
      key,
      cert: certificate,
      ca: authority,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      allowHTTP1: true,
      settings: { maxHeaderListSize: apiHeaderBytesMax },
    },
    (request, response) => {
      response.on('error', (error) => log.debug('An answer broke.', { error: error.message }))
      // What nobody read of a body would stand in the way of the next request on the connection.
      response.once('finish', () => request.resume())
      void answer(options, request, response)
    },
  )
  const sockets = new Set<TLSSocket>()
  server.on('secureConnection', (socket: TLSSocket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  server.on('sessionError', () => {})
  server.on('tlsClientError', () => {})
  server.setTimeout(apiIdleMs)
  // Nobody need sign in to connect.
  server.maxConnections = apiConnectionsMax
  await listen(server, { host, port })
  return {
    port: (server.address() as AddressInfo).port,
    renew: (newKey, newCertificate) =>
      server.setSecureContext({ key: newKey, cert: newCertificate, ca: authority }),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      // Streams that would go on for ever have been ended by their own servers before this one.
      for (const socket of sockets) socket.destroySoon()
      await closed
    },
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
