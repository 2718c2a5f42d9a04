import { once } from 'node:events'
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as HttpsAgent, type AgentOptions, request as requestHttps } from 'node:https'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import { parseJson } from '@skerry/base/json'
import { type Status, errorOfStatus, unavailable } from '@skerry/api/status'
import {
  answerBytesMax,
  connectionsMax,
  idleConnectionsMax,
  keepAliveMs,
  requestTimeoutMs,
} from './http-limits.ts'
import type { HubAddress } from './kubeconfig.ts'

const decompress = promisify(gunzip)

export type HubRequest = {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** HTTP to one hub: connections that are kept, and streams that have one each. */
export type HubConnection = Disposable & {
  /** The body of a successful answer, from JSON; text if it is none. Rejects with ApiError. */
  send(request: HubRequest): Promise<unknown>
  /** The body of a successful answer as it comes; ends when the signal aborts. Rejects with ApiError. */
  open(path: string, signal: AbortSignal): Promise<IncomingMessage>
}

export function createHubConnection(address: HubAddress, clock: Clock): HubConnection {
  const requests = agentOf(address, {
    keepAlive: true,
    keepAliveMsecs: keepAliveMs,
    maxSockets: connectionsMax,
    maxFreeSockets: idleConnectionsMax,
  })
  // A watch holds its connection for as long as it lasts; requests must not wait behind it.
  const streams = agentOf(address, { keepAlive: false })
  return {
    send: async (request) => {
      const done = new AbortController()
      const late = clock.sleep(requestTimeoutMs, done.signal).then(
        () => done.abort(new Error(`no answer within ${requestTimeoutMs / 1000} s`)),
        () => {},
      )
      try {
        const response = await exchange(address, requests, { ...request, signal: done.signal })
        return await readAnswer(response)
      } catch (thrown) {
        throw asUnavailable(address, done.signal.reason ?? thrown, thrown)
      } finally {
        done.abort()
        await late
      }
    },
    open: async (path, signal) => {
      try {
        const response = await exchange(address, streams, { method: 'GET', path, signal })
        if (response.statusCode !== 200) await readAnswer(response)
        return response
      } catch (thrown) {
        throw asUnavailable(address, thrown, thrown)
      }
    },
    [Symbol.dispose]: () => {
      requests.destroy()
      streams.destroy()
    },
  }
}

const isSecure = (address: HubAddress): boolean => address.server.startsWith('https:')

function agentOf(address: HubAddress, options: AgentOptions): HttpAgent | HttpsAgent {
  const proxyEnv =
    address.proxy === undefined
      ? {}
      : { proxyEnv: { HTTPS_PROXY: address.proxy, HTTP_PROXY: address.proxy } }
  if (!isSecure(address)) return new HttpAgent({ ...options, ...proxyEnv })
  return new HttpsAgent({
    ...options,
    ...proxyEnv,
    ...(address.authority === undefined ? {} : { ca: address.authority }),
    ...(address.clientCertificate === undefined ? {} : { cert: address.clientCertificate }),
    ...(address.clientKey === undefined ? {} : { key: address.clientKey }),
  })
}

async function exchange(
  address: HubAddress,
  agent: HttpAgent | HttpsAgent,
  { method, path, body, headers, signal }: HubRequest & { readonly signal: AbortSignal },
): Promise<IncomingMessage> {
  const { hostname, port, protocol, pathname } = new URL(address.server)
  const send = isSecure(address) ? requestHttps : requestHttp
  const sent = send({
    agent,
    method,
    signal,
    protocol,
    hostname: hostname.replace(/^\[(.*)\]$/, '$1'),
    port,
    path: `${pathname.replace(/\/$/, '')}${path}`,
    headers: {
      accept: 'application/json',
      'accept-encoding': 'gzip',
      'user-agent': 'skerry',
      ...(address.token === undefined ? {} : { authorization: `Bearer ${address.token}` }),
      ...(body === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
      ...headers,
    },
  })
  // An answer may come before the body is sent in full; what then breaks is no news.
  sent.on('error', () => {})
  sent.end(body)
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return response
}

async function readAnswer(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length
    if (bytes > answerBytesMax)
      throw new Error(`the answer is larger than ${answerBytesMax} bytes: ask for less`)
    chunks.push(chunk as Buffer)
  }
  const isCompressed = response.headers['content-encoding'] === 'gzip'
  const whole = Buffer.concat(chunks)
  const plain = isCompressed ? await decompress(whole, { maxOutputLength: answerBytesMax }) : whole
  const text = plain.toString('utf8')
  const isJson = /\bjson\b/.test(response.headers['content-type'] ?? '')
  const body = isJson ? parseJson(text) : text
  const code = response.statusCode ?? 0
  if (code >= 200 && code < 300) return body
  throw errorOfStatus(isJson ? (body as Partial<Status>) : { message: text.slice(0, 1000) }, code)
}

/** What a lost or refused connection means to the caller: try again later. */
function asUnavailable(address: HubAddress, reason: unknown, thrown: unknown): Error {
  const error = toError(thrown)
  if (error.name === 'ApiError') return error
  return unavailable(`The hub at ${address.server} cannot be reached: ${toError(reason).message}.`)
}
