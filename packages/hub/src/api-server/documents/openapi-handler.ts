import { createHash } from 'node:crypto'
import type { AnyKind } from '@skerry/api/kind'
import { kindsByPath, openApiV2, openApiV3Of } from '@skerry/api/openapi'
import { ApiError, noSuchPath } from '@skerry/api/status'
import { sendText } from '../wire/answer.ts'
import type { Call } from '../call.ts'
import type { ExtensionTable } from '../extension.ts'
import { openApiV2Protobuf, openApiV2ProtobufTypes } from './openapi-protobuf.ts'

type Document = {
  readonly text: string
  readonly hash: string
  /** The same for clients that take nothing but protocol buffers; version 2 alone has it. */
  readonly protobuf?: () => Buffer
}

/** The OpenAPI documents, each made when it is first asked for. */
export type OpenApiDocuments = { find(segments: readonly string[]): Document | undefined }

type Made = { readonly members: readonly AnyKind[]; readonly document: Document }

/** What becomes of kinds, again and again: a document is made anew only when its own kinds have changed. */
export function openApiMaker(
  extensions: ExtensionTable,
): (kinds: readonly AnyKind[]) => OpenApiDocuments {
  const verbsOf = (kind: AnyKind, name: string): readonly string[] =>
    extensions.subresource(kind, name)?.verbs ?? []
  let before = new Map<string, Made>()
  return (kinds) => {
    const byPath = kindsByPath(kinds)
    const kept = [...before].filter(([path, { members }]) => isSame(byPath.get(path), members))
    const made = new Map(kept)
    before = made
    const one = (path: string): Document | undefined => {
      const known = made.get(path)
      const members = byPath.get(path)
      if (known !== undefined || members === undefined) return known?.document
      const document = documentOf(openApiV3Of(members, verbsOf))
      made.set(path, { members, document })
      return document
    }
    const index = once(() => documentOf({ paths: Object.fromEntries(addresses(byPath, one)) }))
    const v2 = once((): Document => {
      const whole = openApiV2(kinds, verbsOf)
      return { ...documentOf(whole), protobuf: once(() => openApiV2Protobuf(whole)) }
    })
    return {
      find: ([version, ...rest]) => {
        if (version === 'v3') return rest.length === 0 ? index() : one(rest.join('/'))
        return version === 'v2' && rest.length === 0 ? v2() : undefined
      },
    }
  }
}

function addresses(
  byPath: ReadonlyMap<string, unknown>,
  one: (path: string) => Document | undefined,
): [string, object][] {
  return [...byPath.keys()].map((path) => [
    path,
    { serverRelativeURL: `/openapi/v3/${path}?hash=${one(path)?.hash}` },
  ])
}

function isSame(now: readonly AnyKind[] | undefined, before: readonly AnyKind[]): boolean {
  return now?.length === before.length && now.every((kind, index) => kind === before[index])
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => (made ??= { value: make() }).value
}

function documentOf(document: object): Document {
  const text = JSON.stringify(document)
  return { text, hash: createHash('sha512').update(text).digest('hex').toUpperCase() }
}

/** Answers with a document; its hash is its ETag, and an address with the hash never changes. */
export async function serveOpenApi(
  { request, response, query }: Pick<Call, 'request' | 'response' | 'query'>,
  document: Document | undefined,
): Promise<void> {
  if (document === undefined) throw noSuchPath()
  const { protobuf } = document
  const binary =
    protobuf === undefined
      ? undefined
      : openApiV2ProtobufTypes.find((type) => request.headers.accept?.includes(type))
  if (binary === undefined && !takesJson(request.headers.accept))
    throw new ApiError(
      'NotAcceptable',
      'this OpenAPI document is served as JSON: accept application/json',
    )
  const etag = `"${document.hash}"`
  const isPinned = query.get('hash') === document.hash
  response.setHeader('ETag', etag)
  response.setHeader(
    'Content-Type',
    binary === undefined ? 'application/json' : openApiV2ProtobufTypes[0],
  )
  response.setHeader('Cache-Control', isPinned ? 'private, immutable' : 'no-cache, private')
  const isKnown = request.headers['if-none-match'] === etag
  const text = binary === undefined ? document.text : protobuf!()
  await sendText(request, response, isKnown ? { code: 304, text: '' } : { code: 200, text })
}

/** Protobuf clients name the versioned media type; anything with JSON or a wildcard will do. */
function takesJson(accept: string | undefined): boolean {
  return accept === undefined || accept === '' || /json|\*\/\*|application\/\*/.test(accept)
}
