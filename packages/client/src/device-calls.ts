import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type IncomingHttpHeaders,
  constants,
} from 'node:http2'
import { deflateSync } from 'node:zlib'
import { deviceProtocolVersion } from '@skerry/api/device-protocol'
import type { Status } from '@skerry/api/status'
import { answerBytesMax, packedBytesMin, pieceBytes } from './device-limits.ts'
import { LinkError, type LinkFailure } from './device-link.ts'

export type Call = {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

export type Answered = { readonly code: number; readonly stream: ClientHttp2Stream }

/** Every request says which version of the protocol the device speaks. */
export const protocolHeaders = { 'skerry-protocol': String(deviceProtocolVersion) }

/** Sends a request and waits for the headers of its answer. Rejects with a LinkError for 4xx and 5xx. */
export async function call(session: ClientHttp2Session, request: Call): Promise<Answered> {
  const { method, path, body, headers, signal } = request
  if (session.closed || session.destroyed) throw lost()
  const packed = body === undefined ? undefined : pack(body)
  const stream = session.request(
    {
      ':method': method,
      ':path': path,
      ...protocolHeaders,
      ...headers,
      ...packed?.headers,
    },
    { endStream: packed === undefined, ...(signal === undefined ? {} : { signal }) },
  )
  if (packed !== undefined) void sendInPieces(stream, packed.bytes)
  return answered(stream)
}

/**
 * HTTP/2 as Node has it (RFC 9218, no increments) sends all that an older stream has ready before a
 * younger one gets its turn. So a large body never has more than one piece ready, and a status report
 * waits for a piece and not for the backlog.
 */
async function sendInPieces(stream: ClientHttp2Stream, bytes: Buffer): Promise<void> {
  const closed = new Promise<false>((resolve) => stream.once('close', () => resolve(false)))
  let at = 0
  for (; at + pieceBytes < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    const written = new Promise<boolean>((resolve) => {
      stream.write(piece, (error) => resolve(error == null))
    })
    if (stream.destroyed || !(await Promise.race([written, closed]))) return
  }
  stream.end(bytes.subarray(at))
}

type Packed = {
  readonly bytes: Buffer
  readonly headers: Readonly<Record<string, string | number>>
}

/** A body as it is sent: a link that is paid by the megabyte is worth the packing. */
function pack(body: object): Packed {
  const plain = Buffer.from(JSON.stringify(body))
  const isWorthIt = plain.length > packedBytesMin
  const bytes = isWorthIt ? deflateSync(plain) : plain
  return {
    bytes,
    headers: {
      'content-type': 'application/json',
      'content-length': bytes.length,
      ...(isWorthIt ? { 'content-encoding': 'deflate' } : {}),
    },
  }
}

/** Waits for the headers of an answer. */
export async function answered(stream: ClientHttp2Stream): Promise<Answered> {
  const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
    stream.once('response', resolve)
    stream.once('error', (error) => reject(lost(error)))
    stream.once('close', () => reject(lost()))
  })
  stream.on('error', () => {})
  const code = Number(headers[':status'])
  if (code < 400) return { code, stream }
  const said = await readAnswer(stream).catch(() => Buffer.alloc(0))
  // The hub may have refused before it read all of a request.
  stream.close(constants.NGHTTP2_CANCEL)
  throw refusal(code, headers, said)
}

/** The whole of an answer. Rejects when the link is lost before its end. */
export async function readAnswer(stream: ClientHttp2Stream): Promise<Buffer> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of readChunks(stream)) {
    sizeBytes += chunk.length
    if (sizeBytes > answerBytesMax) {
      stream.close(constants.NGHTTP2_CANCEL)
      throw new LinkError('Refused', `The hub's answer has more than ${answerBytesMax} bytes.`)
    }
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What a stream brings; ends only if the other side said that it is complete. */
export async function* readChunks(stream: ClientHttp2Stream): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    throw lost(error)
  }
  if (stream.rstCode !== constants.NGHTTP2_NO_ERROR || stream.aborted) throw lost()
}

export const lost = (error?: unknown) =>
  error instanceof LinkError
    ? error
    : new LinkError(
        'Lost',
        `The connection to the hub was lost${error instanceof Error ? `: ${error.message}` : ''}.`,
      )

const failures: ReadonlySet<string> = new Set<LinkFailure>([
  'CertificateExpired',
  'Revoked',
  'Refused',
  'ProtocolTooOld',
])

/** `skerry-refusal` says what a device can do about it; a hub that cannot answer now is unreachable. */
export function refusal(
  code: number,
  headers: Readonly<Record<string, string | string[] | undefined>>,
  body: Buffer,
): LinkError {
  const said = headers['skerry-refusal']
  const reason =
    typeof said === 'string' && failures.has(said)
      ? (said as LinkFailure)
      : code >= 500 || code === 429
        ? 'Unreachable'
        : 'Refused'
  return new LinkError(reason, messageOf(body) ?? `The hub answered ${code}.`)
}

function messageOf(body: Buffer): string | undefined {
  try {
    const { message } = JSON.parse(body.toString('utf8')) as Partial<Status>
    return typeof message === 'string' ? message : undefined
  } catch {
    return undefined
  }
}
