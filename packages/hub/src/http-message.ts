import type { IncomingHttpHeaders } from 'node:http'
import type { Readable, Writable } from 'node:stream'

/** A request of HTTP/1.1 or of HTTP/2, which Node types apart. */
export type HttpRequest = Readable & {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: IncomingHttpHeaders
}

/** An answer of HTTP/1.1 or of HTTP/2. */
export type HttpResponse = Writable & {
  statusCode: number
  readonly headersSent: boolean
  setHeader(name: string, value: string | number): unknown
}

export type HttpAnswer = {
  readonly code: number
  readonly headers?: Readonly<Record<string, string | number>>
  readonly body?: string | Uint8Array
}

export function sendHttpAnswer(response: HttpResponse, answer: HttpAnswer): void {
  const { code, headers = {}, body } = answer
  Object.assign(response, { statusCode: code })
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (headers['content-length'] === undefined && code !== 204 && code !== 304)
    response.setHeader('content-length', Buffer.byteLength(body ?? ''))
  response.end(body)
}

/** The bytes of a body. Who stops reading leaves the stream open: the sender of too much is told so. */
export function bodyOf(request: Readable): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false })
}

export type ReadBody =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly message: string }

/** The whole of a small body. Rejects when the sender is gone. */
export async function readBody(
  request: Readable & { readonly headers?: IncomingHttpHeaders },
  bytesMax: number,
): Promise<ReadBody> {
  const tooLarge = {
    ok: false,
    message: `The body has more than the ${bytesMax} bytes that are allowed.`,
  } as const
  if (Number(request.headers?.['content-length'] ?? 0) > bytesMax) return tooLarge
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const bytes of bodyOf(request)) {
    sizeBytes += bytes.length
    if (sizeBytes > bytesMax) return tooLarge
    chunks.push(bytes)
  }
  return { ok: true, bytes: Buffer.concat(chunks) }
}
