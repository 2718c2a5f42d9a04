import type { X509Certificate } from 'node:crypto'
import { request as requestHttp } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { type EnrollRequest, type EnrollResponse, devicePaths } from '@skerry/api/device-protocol'
import type { Clock } from '@skerry/base/clock'
import { refusal } from './device-calls.ts'
import { dial } from './device-dial.ts'
import { hubProblem, pinnedCertificate } from './device-hub-check.ts'
import { answerBytesMax } from './device-limits.ts'
import { type EnrollOptions, LinkError } from './device-link.ts'

/** Asks the hub to let the device in, over TLS to exactly the hub that the join token named. */
export async function enrollAt(
  options: EnrollOptions,
  request: EnrollRequest,
  context: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<EnrollResponse> {
  const url = new URL(devicePaths.enroll, options.hub)
  const { clock, signal } = context
  const { socket } = await dial({
    url,
    proxy: options.proxy,
    protocol: 'http/1.1',
    check: (chain) => pinProblem(chain, { ...options, url, nowMs: clock.now() }),
    signal,
  })
  try {
    return await post(url, JSON.stringify(request), { socket, signal })
  } finally {
    socket.destroy()
  }
}

type Pin = { readonly authorityDigest: string; readonly url: URL; readonly nowMs: number }

function pinProblem(chain: readonly X509Certificate[], pin: Pin): string | undefined {
  const authority = pinnedCertificate(chain, pin.authorityDigest.toLowerCase())
  const host = pin.url.hostname.replace(/^\[|\]$/g, '')
  return authority === undefined
    ? `its authority is not ${pin.authorityDigest.slice(0, 12)}…, which the join token names`
    : hubProblem({ leaf: chain[0]!, authority, host, nowMs: pin.nowMs })
}

type Connection = { readonly socket: TLSSocket; readonly signal: AbortSignal }

function post(url: URL, body: string, { socket, signal }: Connection): Promise<EnrollResponse> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error) =>
      reject(
        error instanceof LinkError
          ? error
          : new LinkError('Lost', `The hub gave no answer to the enrolment: ${error.message}.`),
      )
    const sent = requestHttp({
      createConnection: () => socket,
      method: 'POST',
      path: url.pathname,
      signal,
      headers: {
        host: url.host,
        connection: 'close',
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      },
    })
    sent.on('error', fail)
    sent.on('response', (response) => {
      collect(response)
        .then((bytes) => {
          const code = response.statusCode ?? 0
          if (code >= 400 || code < 200) throw refusal(code, response.headers, bytes)
          resolve(parseResponse(bytes))
        })
        .catch(fail)
    })
    sent.end(body)
  })
}

async function collect(source: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of source) {
    sizeBytes += (chunk as Buffer).length
    if (sizeBytes > answerBytesMax)
      throw new LinkError('Refused', `The hub's answer has more than ${answerBytesMax} bytes.`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

function parseResponse(bytes: Buffer): EnrollResponse {
  const response = JSON.parse(bytes.toString('utf8')) as Partial<EnrollResponse>
  if (response.phase === 'Approved' || response.phase === 'Pending' || response.phase === 'Denied')
    return response as EnrollResponse
  throw new LinkError('Refused', 'The hub answered the enrolment with something else.')
}
