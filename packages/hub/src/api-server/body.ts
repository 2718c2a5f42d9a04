import { isPlainObject, jsonDepth, parseJson } from '@skerry/base/json'
import { toError } from '@skerry/base/assert'
import { ApiError, badRequest } from '@skerry/api/status'
import { tellRequestObject } from './audit.ts'
import type { ApiRequest } from './authorization.ts'
import { bodyBytesMax, jsonDepthMax } from './limits.ts'
import { parseKubernetesProtobuf, protobufType } from './kubernetes-protobuf.ts'
import { parseMediaType } from './media-type.ts'
import { parseYaml } from './yaml-text.ts'

const jsonTypes: ReadonlySet<string> = new Set(['', 'application/json'])
const yamlTypes: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
])

/** The media type of a body, without parameters; empty if there is none. */
export function contentType(request: ApiRequest): string {
  return parseMediaType(request.headers['content-type'] ?? '').type
}

/** The body as text; throws RequestEntityTooLarge past the limit. */
export async function readText(request: ApiRequest): Promise<string> {
  const bytes = await readBytes(request)
  const text = decodeUtf8(bytes)
  tellRequestObject(request, text)
  return text
}

function decodeUtf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw badRequest('the body of the request is not UTF-8')
  }
}

async function readBytes(request: ApiRequest): Promise<Buffer> {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  if (encoding !== 'identity')
    throw new ApiError('UnsupportedMediaType', 'send the body without Content-Encoding')
  if (Number(request.headers['content-length'] ?? 0) > bodyBytesMax) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    bytes += (chunk as Buffer).length
    if (bytes > bodyBytesMax) throw tooLarge()
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}

function tooLarge(): ApiError {
  return new ApiError(
    'RequestEntityTooLarge',
    `Request entity too large: limit is ${bodyBytesMax} bytes`,
  )
}

/** The body as JSON, from JSON, YAML or protobuf; undefined if it is empty. */
export async function readBody(request: ApiRequest): Promise<unknown> {
  const type = contentType(request)
  if (type === protobufType) {
    const bytes = await readBytes(request)
    return bytes.length === 0 ? undefined : parseKubernetesProtobuf(bytes)
  }
  if (!jsonTypes.has(type) && !yamlTypes.has(type))
    throw new ApiError(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format (${type}) - accepted media types include: application/json, application/yaml, ${protobufType}`,
    )
  const text = await readText(request)
  return text.trim() === '' ? undefined : parseText(text, yamlTypes.has(type) ? 'YAML' : 'JSON')
}

/** Parses a body; throws BadRequest that says what is wrong. */
export function parseText(text: string, format: 'JSON' | 'YAML'): unknown {
  let value: unknown
  try {
    value = format === 'YAML' ? parseYaml(text) : parseJson(text)
  } catch (thrown) {
    throw badRequest(`the body of the request is not ${format}: ${toError(thrown).message}`)
  }
  if (jsonDepth(value, jsonDepthMax) > jsonDepthMax)
    throw badRequest(`the body of the request nests deeper than ${jsonDepthMax}`)
  return value
}

/** The body as an object. */
export async function readObject(request: ApiRequest): Promise<Record<string, unknown>> {
  const body = await readBody(request)
  if (body === undefined) throw badRequest('the body of the request is empty: send an object')
  if (!isPlainObject(body)) throw badRequest('the body of the request must be an object')
  tellRequestObject(request, body)
  return body
}
