import { createHash } from 'node:crypto'
import type { AnyKind } from '@skerry/api/kind'
import { openApiV2, openApiV3 } from '@skerry/api/openapi'
import { ApiError, noSuchPath } from '@skerry/api/status'
import { sendText } from './answer.ts'
import type { Call } from './call.ts'
import type { ExtensionTable } from './extension.ts'
import { openApiV2Protobuf, openApiV2ProtobufTypes } from './openapi-protobuf.ts'

type Document = {
  readonly text: string
  readonly hash: string
  /** The same for clients that take nothing but protocol buffers; version 2 alone has it. */
  readonly protobuf?: () => Buffer
}

/** The OpenAPI documents, made once when they are first asked for. */
export type OpenApiDocuments = { find(segments: readonly string[]): Document | undefined }

export function openApiDocuments(
  kinds: readonly AnyKind[],
  extensions: ExtensionTable,
): OpenApiDocuments {
  let made: Map<string, Document> | undefined
  const make = (): Map<string, Document> => {
    const verbsOf = (kind: AnyKind, name: string): readonly string[] =>
      extensions.subresource(kind, name)?.verbs ?? []
    const v3 = [...openApiV3(kinds, verbsOf)].map(
      ([path, document]) => [path, documentOf(document)] as const,
    )
    const index = {
      paths: Object.fromEntries(
        v3.map(([path, { hash }]) => [
          path,
          { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
        ]),
      ),
    }
    const v2 = openApiV2(kinds, verbsOf)
    let protobuf: Buffer | undefined
    return new Map<string, Document>([
      ['v2', { ...documentOf(v2), protobuf: () => (protobuf ??= openApiV2Protobuf(v2)) }],
      ['v3', documentOf(index)],
      ...v3.map(([path, document]) => [`v3/${path}`, document] as const),
    ])
  }
  return { find: (segments) => (made ??= make()).get(segments.join('/')) }
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
