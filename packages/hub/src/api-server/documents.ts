import { derivedFromKinds } from '@skerry/api/kind-source'
import { ApiError } from '@skerry/api/status'
import { sendAnswer, sendText } from './answer.ts'
import type { Call, DocumentSource, ServerContext } from './call.ts'
import { discoveryOf } from './discovery.ts'
import { negotiate } from './media-type.ts'
import { openApiDocuments, serveOpenApi } from './openapi-handler.ts'
import type { Route } from './route.ts'
import { methodNotAllowed } from './subresource-handler.ts'

/** Answers for what is no resource: discovery and OpenAPI. */
export function createDocuments(
  server: ServerContext,
): (call: Omit<Call, 'accepted'>, route: Extract<Route, { type: 'document' }>) => Promise<void> {
  const discovery = derivedFromKinds(server.kinds, (kinds) => discoveryOf(kinds, server.extensions))
  const openApi = derivedFromKinds(server.kinds, (kinds) =>
    openApiDocuments(kinds, server.extensions),
  )
  return async (call, { segments }) => {
    if (call.request.method !== 'GET' && call.request.method !== 'HEAD') throw methodNotAllowed()
    const [root, ...rest] = segments
    const own = server.documents?.[`/${segments.join('/')}`]
    if (own !== undefined) return sendDocument(call, own)
    if (root === 'openapi') return serveOpenApi(call, openApi().find(rest))
    const accepted = negotiate(call.request.headers.accept)
    const isAggregated =
      accepted.as === 'APIGroupDiscoveryList' &&
      rest.length === 0 &&
      (root === 'api' || root === 'apis')
    const body = isAggregated
      ? discovery().aggregated(root, accepted.version ?? 'v2')
      : discovery().plain(segments)
    if (body === undefined)
      throw new ApiError('NotFound', 'the server could not find the requested resource')
    const shape = isAggregated ? accepted : { format: accepted.format }
    await sendAnswer({ ...call, accepted: shape }, { code: 200, body })
  }
}

async function sendDocument(
  { request, response }: Pick<Call, 'request' | 'response'>,
  { mediaType, make }: DocumentSource,
): Promise<void> {
  response.setHeader('Content-Type', mediaType)
  response.setHeader('Cache-Control', 'public, max-age=3600')
  await sendText(request, response, { code: 200, text: JSON.stringify(make()) })
}
