import { X509Certificate } from 'node:crypto'
import { request as requestHttp } from 'node:http'
import { type Socket, connect as connectTcp, isIP } from 'node:net'
import { type TLSSocket, connect as connectTls } from 'node:tls'
import { toError } from '@skerry/base/assert'
import { LinkError } from './device-link.ts'

export type DialOptions = {
  readonly url: URL
  readonly proxy: string | undefined
  readonly protocol: 'h2' | 'http/1.1'
  /** PEM, of the device; absent: it shows none. */
  readonly credentials?: { readonly certificate: string; readonly key: string }
  /** Why the hub's chain, leaf first, is not trusted, or undefined. */
  readonly check: (chain: readonly X509Certificate[]) => string | undefined
  /** Ends the attempt. */
  readonly signal: AbortSignal
}

export type Dialed = {
  readonly socket: TLSSocket
  /** Bytes on the socket below TLS. */
  traffic(): { readonly sentBytes: number; readonly receivedBytes: number }
}

/** A TLS 1.3 connection to a hub that was checked before a byte of ours was sent. Rejects with a LinkError. */
export async function dial(options: DialOptions): Promise<Dialed> {
  const { url, proxy, signal } = options
  const target = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 443) }
  const raw =
    proxy === undefined
      ? await openTcp(target, signal)
      : await openThroughProxy(target, proxy, signal)
  raw.setNoDelay(true)
  const socket = await startTls(raw, target.host, options)
  const chain = chainOf(socket)
  const problem = chain.length === 0 ? 'it showed no certificate' : options.check(chain)
  if (problem !== undefined) {
    socket.destroy()
    throw new LinkError('UntrustedHub', `${url.host} is not the hub of this device: ${problem}.`)
  }
  return {
    socket,
    traffic: () => ({ sentBytes: raw.bytesWritten, receivedBytes: raw.bytesRead }),
  }
}

type Target = { readonly host: string; readonly port: number }

function openTcp(target: Target, signal: AbortSignal): Promise<Socket> {
  const socket = connectTcp(target)
  return settle(socket, signal, {
    event: 'connect',
    onError: (error) => unreachable(target, error.message),
  }).then(() => socket)
}

function openThroughProxy(target: Target, proxy: string, signal: AbortSignal): Promise<Socket> {
  const url = URL.parse(proxy)
  if (url === null || url.protocol !== 'http:')
    throw new LinkError('Unreachable', `The proxy ${proxy} must be http://HOST:PORT.`)
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host
  const authority = `${host}:${target.port}`
  const user = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  const credentials = Buffer.from(user).toString('base64')
  const failed = (why: string) =>
    new LinkError('Unreachable', `The proxy ${url.host} does not connect to ${authority}: ${why}.`)
  return new Promise((resolve, reject) => {
    const request = requestHttp({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || 80),
      method: 'CONNECT',
      path: authority,
      agent: false,
      signal,
      headers: {
        host: authority,
        ...(url.username === '' ? {} : { 'proxy-authorization': `Basic ${credentials}` }),
      },
    })
    request.on('error', (error) => reject(failed(abortReason(signal) ?? error.message)))
    request.on('response', (response) => {
      response.destroy()
      reject(failed(`it answered ${response.statusCode}`))
    })
    request.on('connect', (response, socket) => {
      if (response.statusCode === 200) return resolve(socket as Socket)
      socket.destroy()
      reject(failed(`it answered ${response.statusCode}`))
    })
    request.end()
  })
}

async function startTls(raw: Socket, host: string, options: DialOptions): Promise<TLSSocket> {
  const { url, credentials, protocol, signal } = options
  // Trust is decided by `check`, which is stricter than a list of authorities.
  const socket = connectTls({
    socket: raw,
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
    ALPNProtocols: [protocol],
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(credentials === undefined ? {} : { cert: credentials.certificate, key: credentials.key }),
  })
  raw.on('error', (error) => socket.destroy(error))
  await settle(socket, signal, {
    event: 'secureConnect',
    onError: (error) => unreachable({ host, port: Number(url.port || 443) }, error.message),
  })
  if (socket.alpnProtocol === protocol || protocol === 'http/1.1') return socket
  socket.destroy()
  throw new LinkError('Unreachable', `${url.host} does not speak HTTP/2: is it a Skerry hub?`)
}

type Settling = { readonly event: string; readonly onError: (error: Error) => Error }

/** Waits for an event of a socket; an error, its end or the signal destroys it. */
function settle(socket: Socket, signal: AbortSignal, wanted: Settling): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      reject(wanted.onError(error))
    }
    const onAbort = () => fail(new Error(abortReason(signal)))
    const onClose = () => fail(new Error('the connection was closed'))
    socket.on('error', fail)
    socket.once('close', onClose)
    socket.once(wanted.event, () => {
      signal.removeEventListener('abort', onAbort)
      socket.removeListener('error', fail)
      socket.removeListener('close', onClose)
      // Whoever takes the socket over listens, too; until then an error must not end the process.
      socket.on('error', () => {})
      resolve()
    })
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

const unreachable = ({ host, port }: Target, why: string) =>
  new LinkError('Unreachable', `The hub at ${host}:${port} cannot be reached: ${why}.`)

const abortReason = (signal: AbortSignal): string | undefined =>
  signal.aborted ? toError(signal.reason).message : undefined

/** What the other side showed, leaf first. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = []
  let next = socket.getPeerCertificate(true)
  while (next?.raw !== undefined && chain.length < 4) {
    chain.push(new X509Certificate(next.raw))
    if (next.issuerCertificate === next) break
    next = next.issuerCertificate
  }
  return chain
}
