import { type Writable, pipeline } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { createGzip, gzip } from 'node:zlib'
import type { Clock } from '@skerry/base/clock'
import type { AnyKind } from '@skerry/api/kind'
import { apiVersionOf } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import type { ObjectList } from '@skerry/api/state'
import type { ApiError } from '@skerry/api/status'
import type { StoredText } from '@skerry/api/text-state'
import { type IncludeObject, partialMetadata, tableOf } from '@skerry/api/table'
import { badRequest } from '@skerry/api/status'
import { tellResponseObject } from '../audit.ts'
import type { ApiRequest } from '../authorization.ts'
import type { ApiResponse, Call, ServerContext } from '../call.ts'
import { isDrained } from './drain.ts'
import {
  compressBytesMin,
  drainBytesMax,
  streamCharactersMin,
  warningCharactersMax,
  writeBytesMax,
  warningsMax,
} from '../limits.ts'
import type { Accepted } from './media-type.ts'
import { formatYaml } from './yaml-text.ts'

const compress = promisify(gzip)

export type Answer = {
  readonly code: number
  readonly body: unknown
  readonly warnings?: readonly string[]
}

/** Sends an answer in the form that the client takes. */
export async function sendAnswer(
  call: Pick<Call, 'request' | 'response' | 'accepted'>,
  answer: Answer,
): Promise<void> {
  const { request, response, accepted } = call
  tellResponseObject(request, answer.body)
  const isYaml = accepted.format === 'yaml'
  const text = isYaml ? formatYaml(answer.body) : `${JSON.stringify(answer.body)}\n`
  warnOfAll(response, answer.warnings ?? [])
  response.setHeader('Cache-Control', 'no-cache, private')
  response.setHeader('Content-Type', isYaml ? 'application/yaml' : jsonType(accepted))
  await sendText(request, response, { code: answer.code, text })
}

/** Sends one object. As it is kept, it goes to the client without being looked into. */
export async function sendStored(
  server: Pick<ServerContext, 'clock'>,
  call: Pick<Call, 'request' | 'response' | 'accepted' | 'query'>,
  { code, kind, stored }: { readonly code: number; kind: AnyKind; stored: StoredText },
): Promise<void> {
  const { request, response, accepted } = call
  if (accepted.as !== undefined || accepted.format === 'yaml')
    return sendAnswer(call, {
      code,
      body: shapedObject(server, call, { kind, object: stored.object }),
    })
  tellResponseObject(request, stored.text)
  response.setHeader('Cache-Control', 'no-cache, private')
  response.setHeader('Content-Type', 'application/json')
  await sendText(request, response, { code, text: `${stored.text}\n` })
}

/** Aggregated discovery is told by its media type, which clients compare. */
function jsonType(accepted: Accepted): string {
  return accepted.as === 'APIGroupDiscoveryList'
    ? `application/json;g=apidiscovery.k8s.io;v=${accepted.version};as=APIGroupDiscoveryList`
    : 'application/json'
}

/** Says something beside the answer, once, whether that is good or bad. */
export function warn(response: ApiResponse, warning: string): void {
  const { warning: told } = response.getHeaders()
  const before: string[] = Array.isArray(told) ? told : []
  const more = warningHeader(warning)
  if (!before.includes(more)) response.setHeader('Warning', [...before, more])
}

export function warnOfAll(response: ApiResponse, warnings: readonly string[]): void {
  for (const warning of warnings.slice(0, warningsMax)) warn(response, warning)
}

/** RFC 7234's warning with an agent that is left out, as Kubernetes sends it. */
function warningHeader(warning: string): string {
  const plain = warning.replaceAll(/[^\u0020-\u007e]/g, '?').slice(0, warningCharactersMax)
  return `299 - "${plain.replaceAll(/["\\]/g, '\\$&')}"`
}

/** Sends text under the headers that are set, compressed where that is worth it. */
export async function sendText(
  request: ApiRequest,
  response: ApiResponse,
  { code, text }: { readonly code: number; readonly text: string | Buffer },
): Promise<void> {
  const plain = typeof text === 'string' ? Buffer.from(text) : text
  const isCompressed = takesGzip(request) && plain.length >= compressBytesMin
  const bytes = isCompressed ? await compress(plain, { level: 1 }) : plain
  if (isCompressed) response.setHeader('Content-Encoding', 'gzip')
  response.setHeader('Vary', 'Accept, Accept-Encoding')
  response.setHeader('Content-Length', bytes.length)
  response.statusCode = code
  if (!request.complete) discardRest(request)
  writableOf(response).end(request.method === 'HEAD' ? undefined : bytes)
}

/**
 * Sends text as it comes: what is short at once, what is long piece by piece, no faster than the client
 * takes it, so that a long list is never in memory as a whole.
 */
export async function sendPieces(
  { request, response }: Pick<Call, 'request' | 'response'>,
  pieces: AsyncIterator<string, void>,
  clock: Clock,
): Promise<void> {
  let head = ''
  while (head.length < streamCharactersMin) {
    const next = await pieces.next()
    if (next.done === true) {
      tellResponseObject(request, head)
      return sendText(request, response, { code: 200, text: head })
    }
    head += next.value
  }
  response.setHeader('Vary', 'Accept, Accept-Encoding')
  response.statusCode = 200
  if (request.method === 'HEAD') return void writableOf(response).end()
  const output = streamOf(request, response)
  for (let piece = head; ;) {
    // As bytes: text would be measured first and turned into bytes afterwards.
    await writeInParts(output, Buffer.from(piece), clock)
    const next = await pieces.next()
    if (next.done === true) break
    piece = next.value
  }
  output.end()
}

/** TLS encrypts a write in one go, and all others wait meanwhile: each part lets them through. */
async function writeInParts(output: Writable, bytes: Buffer, clock: Clock): Promise<void> {
  for (let at = 0; at < bytes.length; at += writeBytesMax) {
    const isTaken = output.write(bytes.subarray(at, at + writeBytesMax))
    if (isTaken) await setImmediate()
    else if (!(await isDrained(output, clock)))
      throw new Error('The client takes no more of the list.')
  }
}

/** Where a long answer is written, compressed if the client can read that. */
function streamOf(request: ApiRequest, response: ApiResponse): Writable {
  if (!takesGzip(request)) return writableOf(response)
  response.setHeader('Content-Encoding', 'gzip')
  const compressing = createGzip({ level: 1 })
  // A client that goes is noticed where the pieces are written.
  pipeline(compressing, writableOf(response), () => compressing.destroy())
  return compressing
}

function takesGzip(request: ApiRequest): boolean {
  return /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
}

/** Both versions of HTTP answer through a stream; their own types differ in what nobody uses. */
export const writableOf = (response: ApiResponse): Writable => response

/** What comes after a refusal is read and thrown away for a while, or the sender never sees the answer. */
function discardRest(request: ApiRequest): void {
  let bytes = 0
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > drainBytesMax) request.destroy()
  })
  request.on('error', () => {})
}

/** Sends an error as a Status. */
export async function sendError(
  call: Pick<Call, 'request' | 'response'>,
  error: ApiError,
): Promise<void> {
  const retryAfter = error.status.details?.retryAfterSeconds
  if (retryAfter !== undefined) call.response.setHeader('Retry-After', String(retryAfter))
  const accepted: Accepted = {
    format: /^\s*application\/yaml\b/.test(String(call.request.headers.accept)) ? 'yaml' : 'json',
  }
  await sendAnswer({ ...call, accepted }, { code: error.code, body: error.status })
}

/** An object in the shape that was asked for. */
export function shapedObject(
  server: Pick<ServerContext, 'clock'>,
  call: Pick<Call, 'accepted' | 'query'>,
  { kind, object }: { readonly kind: AnyKind; readonly object: StoredObject },
): unknown {
  const { as } = call.accepted
  if (as === 'Table')
    return tableOf(kind, [object], {
      nowMs: server.clock.now(),
      includeObject: includeObjectOf(call.query),
      resourceVersion: object.metadata.resourceVersion,
    })
  return isPartial(as) ? partialMetadata(object) : object
}

/** A list in the shape that was asked for. */
export function shapedList(
  server: Pick<ServerContext, 'clock'>,
  call: Pick<Call, 'accepted' | 'query'>,
  { kind, list }: { readonly kind: AnyKind; readonly list: ObjectList },
): unknown {
  const { items, resourceVersion } = list
  const { as } = call.accepted
  if (as === 'Table')
    return tableOf(kind, items, {
      nowMs: server.clock.now(),
      includeObject: includeObjectOf(call.query),
      resourceVersion,
    })
  return isPartial(as)
    ? {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata: { resourceVersion },
        items: items.map(partialMetadata),
      }
    : {
        kind: `${kind.kind}List`,
        apiVersion: apiVersionOf(kind),
        metadata: { resourceVersion },
        items,
      }
}

/** Clients that list ask for either name; what they mean is plain. */
export function isPartial(as: string | undefined): boolean {
  return as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList'
}

export function includeObjectOf(query: URLSearchParams): IncludeObject {
  const value = query.get('includeObject') ?? ''
  if (value === '') return 'Metadata'
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value
  throw badRequest(
    `Unable to convert to Table as requested: includeObject: Invalid value: ${JSON.stringify(value)}: must be 'Metadata', 'Object', 'None', or empty`,
  )
}
