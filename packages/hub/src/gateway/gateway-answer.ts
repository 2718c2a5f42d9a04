import type { ServerHttp2Stream } from 'node:http2'
import { ApiError, type StatusReason } from '@skerry/api/status'

/** What a device can do about a refusal; `LinkFailure` on its side. */
export type Refusal = 'CertificateExpired' | 'Revoked' | 'Refused' | 'ProtocolTooOld'

/** Answers with headers alone, or with a JSON document. */
export function answer(stream: ServerHttp2Stream, code: number, body?: object): void {
  if (stream.destroyed || stream.headersSent) return
  if (body === undefined) return stream.respond({ ':status': code }, { endStream: true })
  const bytes = Buffer.from(JSON.stringify(body))
  stream.respond({
    ':status': code,
    'content-type': 'application/json',
    'content-length': bytes.length,
  })
  stream.end(bytes)
}

/** Answers with a Status, and with one word for the device's program. */
export function refuse(stream: ServerHttp2Stream, refusal: Refusal, message: string): void {
  if (stream.destroyed || stream.headersSent) return
  const { status } = new ApiError('Forbidden', message)
  const bytes = Buffer.from(JSON.stringify(status))
  stream.respond({
    ':status': refusal === 'ProtocolTooOld' ? 426 : 403,
    'skerry-refusal': refusal,
    'content-type': 'application/json',
    'content-length': bytes.length,
  })
  stream.end(bytes)
}

export function refuseAs(stream: ServerHttp2Stream, reason: StatusReason, message: string): void {
  const error = new ApiError(reason, message)
  answer(stream, error.code, error.status)
}
