import { pipeline } from 'node:stream/promises'
import type { Digest } from '@skerry/base/digest'
import { parseRange } from './byte-range.ts'
import { type HttpAnswer, sendHttpAnswer } from '../http-message.ts'
import { ociError } from './oci-error.ts'
import type { Exchange, RegistryContext } from './registry-context.ts'

/** GET, HEAD and DELETE of a blob. Undefined: the answer was streamed. */
export async function answerBlob(
  { blobs, repositories }: RegistryContext,
  exchange: Exchange,
  blob: { readonly repository: string; readonly digest: Digest },
): Promise<HttpAnswer | undefined> {
  const { repository, digest } = blob
  const found = (await repositories.hasBlob(repository, digest))
    ? await blobs.stat(digest)
    : undefined
  if (found === undefined) return ociError('BLOB_UNKNOWN', `${repository} has no blob ${digest}.`)
  if (exchange.method === 'DELETE') {
    await repositories.removeBlob(repository, digest)
    return { code: 202 }
  }
  const headers = {
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    etag: `"${digest}"`,
  }
  if (exchange.method === 'HEAD')
    return { code: 200, headers: { ...headers, 'content-length': found.sizeBytes } }
  const asked = parseRange(exchange.request.headers.range, found.sizeBytes)
  if (asked.kind === 'Unsatisfiable')
    return ociError('RANGE_INVALID', `The blob has ${found.sizeBytes} bytes.`, {
      'content-range': `bytes */${found.sizeBytes}`,
    })
  const { response } = exchange
  if (asked.kind === 'Whole') {
    startAnswer(exchange, 200, { ...headers, 'content-length': found.sizeBytes })
    if (found.sizeBytes === 0) response.end()
    else await pipeline(blobs.read(digest), response)
    return undefined
  }
  const { start, end } = asked.range
  startAnswer(exchange, 206, {
    ...headers,
    'content-length': end - start + 1,
    'content-range': `bytes ${start}-${end}/${found.sizeBytes}`,
  })
  await pipeline(blobs.read(digest, asked.range), response)
  return undefined
}

function startAnswer(
  { response }: Exchange,
  code: number,
  headers: NonNullable<HttpAnswer['headers']>,
): void {
  Object.assign(response, { statusCode: code })
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
}

/** Sends what an endpoint made, unless it was streamed. */
export function finish(exchange: Exchange, answer: HttpAnswer | undefined): void {
  if (answer !== undefined) sendHttpAnswer(exchange.response, answer)
}
