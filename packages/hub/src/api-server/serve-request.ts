import { toError } from '@skerry/base/assert'
import { derivedFromKinds } from '@skerry/api/kind-source'
import { ApiError, badRequest } from '@skerry/api/status'
import { sendError } from './answer.ts'
import { type AuditTrail, noTrail } from './audit.ts'
import { type ApiRequest, type Attributes, attributesOf, forbidden } from './authorization.ts'
import type { ApiResponse, ApiServerOptions, ServerContext } from './call.ts'
import { createDocuments } from './documents.ts'
import { unlimited } from './flow-control.ts'
import { urlCharactersMax } from './limits.ts'
import { negotiate } from './media-type.ts'
import { isPublicPath, servePublic } from './public-handler.ts'
import { isTrue } from './request-options.ts'
import { type Route, routesOf } from './route.ts'
import { serveResource } from './serve-resource.ts'
import { methodNotAllowed } from './subresource-handler.ts'

export type Incoming = {
  readonly request: ApiRequest
  readonly response: ApiResponse
  readonly path: string
  readonly search: string
}

/**
 * A request's way through the server, each step in a file of its own: limits, route, who asks, for whom,
 * its turn, whether it may, the verb. What goes wrong on the way is answered as a Status.
 */
export function createServeRequest(
  server: ServerContext,
  options: ApiServerOptions,
): (incoming: Incoming) => Promise<void> {
  const routes = derivedFromKinds(server.kinds, routesOf)
  const serveDocument = createDocuments(server)
  const { flow = unlimited, impersonate, metrics, clock } = options

  const dispatch = async (incoming: Incoming, tell: Told): Promise<void> => {
    const { request, response, path, search } = incoming
    if (path.length + search.length > urlCharactersMax)
      throw badRequest(`the URL is longer than ${urlCharactersMax} characters`)
    const query = new URLSearchParams(search)
    if (isPublicPath(path))
      return servePublic(options.readyChecks ?? {}, { request, response, query, path })
    const asking = await options.authenticate(request)
    if (asking === undefined) throw new ApiError('Unauthorized', 'Unauthorized')
    const user = impersonate === undefined ? asking : await impersonate(asking, request)
    tell.trail.who(user)
    const route = routes()(path)
    const attributes = requestAttributes(request, route, { path, query })
    tell.attributes = attributes
    tell.trail.what(attributes)
    using turn = await flow.enter(user, attributes, server.closing)
    const decision = await options.authorize(user, attributes)
    tell.trail.decided(decision)
    if (!decision.allowed) throw forbidden(user, attributes, decision.reason)
    if (route === undefined)
      throw new ApiError('NotFound', 'the server could not find the requested resource')
    const { trail } = tell
    if (route.type === 'document')
      return serveDocument({ request, response, query, user, trail }, route)
    if (attributes.verb === '') throw methodNotAllowed()
    const accepted = negotiate(request.headers.accept)
    const { sites } = decision
    const call = { request, response, query, user, accepted, target: route, sites, trail }
    await serveResource(server, call, {
      verb: attributes.verb,
      begun: () => turn[Symbol.dispose](),
    })
  }
  return async (incoming) => {
    const { request, response } = incoming
    const tell: Told = { trail: options.audit?.begin(request) ?? noTrail, attributes: undefined }
    const startMs = clock.now()
    const message = await dispatch(incoming, tell).catch((thrown: unknown) =>
      sendFailure(server, incoming, thrown),
    )
    const code = response.statusCode
    tell.trail.done(code, message ?? undefined)
    metrics?.observe({
      method: request.method ?? 'GET',
      attributes: tell.attributes,
      code,
      durationMs: clock.now() - startMs,
    })
  }
}

type Told = { readonly trail: AuditTrail; attributes: Attributes | undefined }

function requestAttributes(
  { method = 'GET' }: ApiRequest,
  route: Route | undefined,
  { path, query }: { readonly path: string; readonly query: URLSearchParams },
): Attributes {
  return route?.type === 'resource'
    ? attributesOf(verbOf(method, route, query), route)
    : { type: 'path', verb: method.toLowerCase(), path }
}

/** The verb that authorization knows, from method and path; empty if the method does not fit. */
function verbOf(
  method: string,
  route: Extract<Route, { type: 'resource' }>,
  query: URLSearchParams,
): string {
  const isOne = route.name !== undefined
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (method === 'GET' && route.subresource === undefined && isTrue(query, 'watch'))
        return 'watch'
      return isOne ? 'get' : 'list'
    case 'POST':
      return isOne && (route.subresource ?? 'status') === 'status' ? '' : 'create'
    case 'PUT':
      return isOne ? 'update' : ''
    case 'PATCH':
      return isOne ? 'patch' : ''
    case 'DELETE':
      return isOne ? 'delete' : 'deletecollection'
    default:
      return ''
  }
}

/** Answers with what went wrong, and returns its message. */
async function sendFailure(
  { log }: ServerContext,
  { request, response, path }: Incoming,
  thrown: unknown,
): Promise<string> {
  const error =
    thrown instanceof ApiError
      ? thrown
      : new ApiError('InternalError', 'the hub failed here; its log says why')
  if (error !== thrown && !request.destroyed && !response.destroyed)
    log.error('a request failed', { path, error: toError(thrown).stack })
  if (response.headersSent) response.destroy()
  else await sendError({ request, response }, error)
  return error.message
}
