import { request as requestHttp } from 'node:http'
import { type RequestOptions, request as requestHttps } from 'node:https'

export type RegistryRequest = {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
  readonly signal?: AbortSignal | undefined
}

export type RegistryAnswer = {
  readonly status: number
  header(name: string): string | undefined
  /** To be read to its end or left by `return`. */
  readonly body: AsyncIterable<Uint8Array>
}

/** How requests reach a registry. Rejects when no answer comes. */
export type RegistryTransport = (request: RegistryRequest) => Promise<RegistryAnswer>

export type TransportOptions = {
  /** PEM of the authority that signed the registry's certificate. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** Bearer token. */
  readonly token?: string
  /** How long a request may be silent. */
  readonly idleTimeoutMs?: number
}

const idleTimeoutMsDefault = 60_000

/** A transport over Node's own HTTP client, as `fetch` cannot be told of an authority. */
export function createRegistryTransport(options: TransportOptions = {}): RegistryTransport {
  const { ca, cert, key, token, idleTimeoutMs = idleTimeoutMsDefault } = options
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) }
  return ({ method, url, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const requestOptions: RequestOptions = {
        method,
        headers: {
          ...headers,
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        },
        ...(signal === undefined ? {} : { signal }),
        timeout: idleTimeoutMs,
      }
      const sent = url.startsWith('https:')
        ? requestHttps(url, { ...requestOptions, ...tls })
        : requestHttp(url, requestOptions)
      sent.on('timeout', () =>
        sent.destroy(new Error(`The registry was silent for ${idleTimeoutMs} ms.`)),
      )
      sent.on('error', reject)
      sent.on('response', (response) =>
        resolve({
          status: response.statusCode ?? 0,
          header: (name) => {
            const value = response.headers[name.toLowerCase()]
            return Array.isArray(value) ? value[0] : value
          },
          body: response,
        }),
      )
      sent.end(body)
    })
}
