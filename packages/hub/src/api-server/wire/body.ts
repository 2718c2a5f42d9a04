import { toError } from '@skerry/base/assert'
import { isPlainObject, parseJson } from '@skerry/base/json'
import { goJsonType } from '@skerry/api/go-text'
import type { AnyKind } from '@skerry/api/kind'
import { ApiError, badRequest } from '@skerry/api/status'
import { tellRequestObject } from '../audit.ts'
import type { ApiRequest } from '../authorization.ts'
import { keepDuplicates } from './duplicate-fields.ts'
import { parseKubernetesProtobuf, protobufType } from './kubernetes-protobuf.ts'
import { bodyBytesMax, jsonDepthMax } from '../limits.ts'
import { measureJson } from './measure-json.ts'
import { parseMediaType } from './media-type.ts'
import { scanJson } from '@skerry/api/scan-json'
import { wellFormed } from './well-formed.ts'
import { parseYaml } from './yaml-text.ts'

const yamlTypes: ReadonlySet<string> = new Set([
  'application/yaml',
  'application/x-yaml',
  'text/yaml',
])

/** The media type of a body, without parameters; empty if there is none. */
export function contentType(request: ApiRequest): string {
  return parseMediaType(request.headers['content-type'] ?? '').type
}

/** The body as text; bytes that are no UTF-8 become U+FFFD. Throws RequestEntityTooLarge past the limit. */
export async function readText(request: ApiRequest): Promise<string> {
  const text = textOf(await readBytes(request))
  tellRequestObject(request, text)
  return text
}

const textOf = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)

async function readBytes(request: ApiRequest): Promise<Buffer> {
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
  return new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${bodyBytesMax}`)
}

/** The body as JSON, from JSON, YAML or protobuf; undefined if it is empty. */
export async function readBody(request: ApiRequest): Promise<unknown> {
  const format = formatOf(request)
  const bytes = await readBytes(request)
  if (bytes.length === 0) return undefined
  const body = parseBytes(bytes, format)
  tellRequestObject(request, body)
  return body
}

function parseBytes(bytes: Buffer, format: Format): unknown {
  if (format === 'protobuf') return parseKubernetesProtobuf(bytes)
  try {
    return parseText(textOf(bytes), format)
  } catch (thrown) {
    if (format === 'JSON' && thrown instanceof ApiError) throw unreadable(thrown.message)
    throw thrown
  }
}

type Format = 'JSON' | 'YAML' | 'protobuf'

function formatOf(request: ApiRequest): Format {
  const type = contentType(request)
  if (type === protobufType) return 'protobuf'
  if (yamlTypes.has(type)) return 'YAML'
  if (type === 'application/json' || (request.headers['content-type'] ?? '') === '') return 'JSON'
  throw new ApiError(
    'UnsupportedMediaType',
    `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml, ${protobufType}`,
  )
}

/** Parses a text; throws BadRequest in Kubernetes' words. */
export function parseText(text: string, format: 'JSON' | 'YAML'): unknown {
  let value: unknown
  try {
    value = format === 'YAML' ? parseYaml(text) : parseJson(text)
  } catch (thrown) {
    if (format === 'YAML') throw badRequest(`yaml: ${toError(thrown).message}`)
    const scan = scanJson(text)
    throw badRequest(scan.ok ? toError(thrown).message : scan.problem)
  }
  const { depth, keys } = measureJson(value, jsonDepthMax)
  if (depth > jsonDepthMax)
    throw badRequest(`the body of the request nests deeper than ${jsonDepthMax}`)
  const sound = wellFormed(value, text)
  if (format === 'JSON' && isPlainObject(sound)) keepDuplicates(sound, text, keys)
  return sound
}

/** The body as an object that is to be of a kind. */
export async function readObject(
  request: ApiRequest,
  kind?: AnyKind,
): Promise<Record<string, unknown>> {
  const format = formatOf(request)
  const bytes = await readBytes(request)
  try {
    const object = objectOf(parseBytes(bytes, format), kind)
    tellRequestObject(request, object)
    return object
  } catch (thrown) {
    if (!(thrown instanceof ApiError) || thrown.reason !== 'BadRequest') throw thrown
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind?.kind ?? 'object'}): ${thrown.message} (${summaryOf(bytes)})`,
    )
  }
}

function objectOf(body: unknown, kind: AnyKind | undefined): Record<string, unknown> {
  if (body === null && kind?.isBuiltIn) return {}
  if (!isPlainObject(body))
    throw body === null
      ? badRequest("Object 'Kind' is missing in 'null'")
      : unreadable(`json: cannot unmarshal ${goJsonType(body)} into Go value of type ${typeMeta}`)
  for (const field of ['apiVersion', 'kind'])
    if (typeof (body[field] ?? '') !== 'string')
      throw unreadable(
        `json: cannot unmarshal ${goJsonType(body[field])} into Go struct field .${field} of type string`,
      )
  return body
}

const typeMeta = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`

const unreadable = (why: string): ApiError =>
  badRequest(`couldn't get version/kind; json parse error: ${why}`)

/** The bytes of a message's body that are shown. */
const summaryBytesMax = 30

function summaryOf(bytes: Buffer): string {
  if (bytes.length === 0) return '<empty>'
  const begin = bytes.subarray(0, summaryBytesMax)
  const shown = bytes[0] === 0x7b ? textOf(begin) : begin.toString('hex')
  return bytes.length > summaryBytesMax ? `${shown} ...` : shown
}
