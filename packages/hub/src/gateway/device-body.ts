import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { inflateSync } from 'node:zlib'
import { ApiError, badRequest } from '@skerry/api/status'
import { readBody } from '../http-message.ts'

export type BodySource = {
  readonly stream: ServerHttp2Stream
  readonly headers: IncomingHttpHeaders
}

/**
 * The body as a JSON object; throws an ApiError that says what is wrong. The limit is on what comes out:
 * a few bytes that unpack into many are refused before they do.
 */
export async function readJson({ stream, headers }: BodySource, bytesMax: number): Promise<object> {
  const body = await readBody(stream, bytesMax)
  if (!body.ok) throw new ApiError('RequestEntityTooLarge', body.message)
  const bytes = unpack(body.bytes, headers['content-encoding'] ?? 'identity', bytesMax)
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // Told below, as everything else that is no object.
  }
  throw badRequest('The body must be a JSON object in UTF-8.')
}

function unpack(bytes: Buffer, encoding: string, bytesMax: number): Buffer {
  if (encoding === 'identity') return bytes
  if (encoding !== 'deflate')
    throw new ApiError('UnsupportedMediaType', 'Content-Encoding must be deflate or absent.')
  try {
    return inflateSync(bytes, { maxOutputLength: bytesMax })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new ApiError(
        'RequestEntityTooLarge',
        `The body has more than the ${bytesMax} bytes that are allowed.`,
      )
    throw badRequest('The body is not packed as Content-Encoding says (deflate).')
  }
}
