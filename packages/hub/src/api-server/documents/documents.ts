import { createHash } from 'node:crypto'
import { derivedFromKinds } from '@skerry/api/kind-source'
import { methodNotAllowed, noSuchPath } from '@skerry/api/status'
import { sendAnswer, sendText } from '../wire/answer.ts'
import type { Call, DocumentSource, ServerContext } from '../call.ts'
import { type Discovery, discoveryOf } from './discovery.ts'
import { type Accepted, negotiate } from '../wire/media-type.ts'
import { openApiMaker, serveOpenApi } from './openapi-handler.ts'
import { type Route, namedInPath } from '../route.ts'

/** Answers for what is no resource: discovery and OpenAPI. */
export function createDocuments(
  server: ServerContext,
): (call: Omit<Call, 'accepted'>, route: Extract<Route, { type: 'document' }>) => Promise<void> {
  const discovery = derivedFromKinds(server.kinds, (kinds) => discoveryOf(kinds, server.extensions))
  const openApi = derivedFromKinds(server.kinds, openApiMaker(server.extensions))
  return async (call, { segments }) => {
    if (call.request.method !== 'GET' && call.request.method !== 'HEAD') throw methodNotAllowed()
    const [root, ...rest] = segments
    const own = server.documents?.[`/${segments.join('/')}`]
    if (own !== undefined) return sendDocument(call, own)
    if (root === 'openapi') return serveOpenApi(call, openApi().find(rest))
    const isRoot = rest.length === 0 && (root === 'api' || root === 'apis')
    const accepted = negotiate(call.request.headers.accept, isRoot)
    const isAggregated = accepted.as === 'APIGroupDiscoveryList' && isRoot
    if (isAggregated)
      return sendAggregated(call, accepted, discovery().aggregated(root, accepted.version ?? 'v2'))
    const body = discovery().plain(segments) ?? (await lookAgain(server, discovery, segments))
    if (body === undefined) throw noSuchPath()
    await sendAnswer({ ...call, accepted: { format: accepted.format } }, { code: 200, body })
  }
}

/** The group of a kind that was made a moment ago may not have been heard of yet. */
async function lookAgain(
  { kinds }: ServerContext,
  discovery: () => Discovery,
  segments: readonly string[],
): Promise<object | undefined> {
  const missed = namedInPath(`/${segments.join('/')}`)
  if (missed === undefined || kinds.lookAgain === undefined) return undefined
  await kinds.lookAgain(missed)
  return discovery().plain(segments)
}

/** The whole of discovery is large and seldom new: who has it is told so. */
async function sendAggregated(
  call: Omit<Call, 'accepted'>,
  accepted: Accepted,
  body: object,
): Promise<void> {
  const { request, response } = call
  const text = JSON.stringify(body)
  const etag = `"${createHash('sha512').update(text).digest('hex').toUpperCase()}"`
  response.setHeader('ETag', etag)
  response.setHeader('Cache-Control', 'public')
  response.setHeader(
    'Content-Type',
    `application/json;g=apidiscovery.k8s.io;v=${accepted.version ?? 'v2'};as=APIGroupDiscoveryList`,
  )
  const isKnown = request.headers['if-none-match'] === etag
  await sendText(request, response, isKnown ? { code: 304, text: '' } : { code: 200, text })
}

async function sendDocument(
  { request, response }: Pick<Call, 'request' | 'response'>,
  { mediaType, make }: DocumentSource,
): Promise<void> {
  response.setHeader('Content-Type', mediaType)
  response.setHeader('Cache-Control', 'public, max-age=3600')
  await sendText(request, response, { code: 200, text: JSON.stringify(make()) })
}
