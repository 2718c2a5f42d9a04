import { toError } from '@skerry/base/assert'
import { derivedFromKinds } from '@skerry/api/kind-source'
import { ApiError, badRequest, methodNotAllowed, noSuchPath } from '@skerry/api/status'
import { sendError, sendText } from './wire/answer.ts'
import { type AuditOutcome, type AuditTrail, noTrail } from './audit.ts'
import {
  type ApiRequest,
  type Attributes,
  type User,
  attributesOf,
  forbidden,
} from './authorization.ts'
import type { ApiResponse, ApiServerOptions, ServerContext } from './call.ts'
import { createDocuments } from './documents/documents.ts'
import { unlimited } from './flow-control.ts'
import { urlCharactersMax } from './limits.ts'
import { negotiate } from './wire/media-type.ts'
import { attributesOfPath, withSelectedName } from './path-attributes.ts'
import { isPublicPath, servePublic } from './documents/public-handler.ts'
import type { RequestCount, RequestMetrics } from './request-metrics.ts'
import { isTrue } from './verbs/request-options.ts'
import { type Route, namedInPath, routesOf } from './route.ts'
import { serveResource } from './serve-resource.ts'

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
    if (isPublicPath(path)) return servePublic(options, { request, response, query, path })
    const route = routes()(path)
    const attributes = requestAttributes(request, route, { path, query })
    tell.attributes = attributes
    tell.isDryRun = query.has('dryRun')
    tell.trail.what(attributes)
    const asking = await options.authenticate(request)
    if (asking === undefined) throw new ApiError('Unauthorized', 'Unauthorized')
    const user = await actingUser(asking, () => impersonate?.(asking, request, attributes), tell)
    tell.trail.who(user)
    using turn = await flow.enter({ user, attributes, query, response, closing: server.closing })
    const decision = await options.authorize(user, attributes)
    tell.trail.decided(decision)
    if (!decision.allowed) throw forbidden(user, attributes, decision.reason)
    if (path === '/metrics' && metrics !== undefined) return sendMetrics(metrics, incoming)
    const found = route ?? (await findAgain(server, routes, path))
    if (found === undefined) throw noSuchPath()
    const { trail } = tell
    if (found.type === 'document')
      return serveDocument({ request, response, query, user, trail }, found)
    if (attributes.verb === '') throw methodNotAllowed()
    const accepted = negotiate(request.headers.accept)
    const { sites } = decision
    const call = { request, response, query, user, accepted, target: found, sites, trail }
    await serveResource(server, call, {
      verb: attributes.verb,
      begun: () => {
        turn[Symbol.dispose]()
        trail.started(200)
        tell.count?.begun(attributes)
      },
    })
  }
  return async (incoming) => {
    const { request, response } = incoming
    const tell: Told = {
      trail: options.audit?.begin(request, response) ?? noTrail,
      count: metrics?.begin(request),
      attributes: undefined,
      isDryRun: false,
    }
    const startMs = clock.monotonicMs()
    const failed = await dispatch(incoming, tell).catch((thrown: unknown) =>
      sendFailure(server, incoming, thrown),
    )
    const code = response.statusCode
    tell.trail.done({ code, ...failed })
    const { attributes, isDryRun } = tell
    const durationMs = clock.monotonicMs() - startMs
    tell.count?.done({ code, durationMs, attributes, isDryRun })
  }
}

/** A kind that was made a moment ago may not have been heard of yet. */
async function findAgain(
  { kinds }: ServerContext,
  routes: () => (path: string) => Route | undefined,
  path: string,
): Promise<Route | undefined> {
  const missed = namedInPath(path)
  if (missed === undefined || kinds.lookAgain === undefined) return undefined
  await kinds.lookAgain(missed)
  return routes()(path)
}

/** Who the request acts for. That somebody tried is told even when they may not. */
async function actingUser(
  asking: User,
  impersonate: () => Promise<User> | User | undefined,
  { trail }: Told,
): Promise<User> {
  try {
    return (await impersonate()) ?? asking
  } catch (thrown) {
    trail.who(asking)
    throw thrown
  }
}

type Told = {
  readonly trail: AuditTrail
  readonly count: RequestCount | undefined
  attributes: Attributes | undefined
  isDryRun: boolean
}

async function sendMetrics(
  metrics: RequestMetrics,
  { request, response }: Incoming,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowed()
  const { contentType, text } = await metrics.expose()
  response.setHeader('Content-Type', contentType)
  response.setHeader('Cache-Control', 'no-cache, private')
  await sendText(request, response, { code: 200, text })
}

function requestAttributes(
  { method = 'GET' }: ApiRequest,
  route: Route | undefined,
  { path, query }: { readonly path: string; readonly query: URLSearchParams },
): Attributes {
  if (route?.type === 'document') return { type: 'path', verb: method.toLowerCase(), path }
  if (route === undefined) return attributesOfPath(method, path, query)
  return withSelectedName(attributesOf(verbOf(method, route, query), route), route.kind, query)
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
      if (isOne) return (route.subresource ?? 'status') === 'status' ? '' : 'create'
      return isNowhere(route) ? '' : 'create'
    case 'PUT':
      return isOne ? 'update' : ''
    case 'PATCH':
      return isOne ? 'patch' : ''
    case 'DELETE':
      if (isOne) return 'delete'
      return isNowhere(route) ? '' : 'deletecollection'
    default:
      return ''
  }
}

/** What lives in namespaces is made and deleted in one of them. */
function isNowhere({ kind, namespace }: Extract<Route, { type: 'resource' }>): boolean {
  return kind.scope === 'Namespaced' && namespace === undefined
}

/** Answers with what went wrong, and returns what the audit is to know of it. */
async function sendFailure(
  { log }: ServerContext,
  { request, response, path }: Incoming,
  thrown: unknown,
): Promise<Omit<AuditOutcome, 'code'>> {
  const error =
    thrown instanceof ApiError
      ? thrown
      : new ApiError('InternalError', 'the hub failed here; its log says why')
  const isPanic = error !== thrown && !request.destroyed && !response.destroyed
  if (isPanic) log.error('a request failed', { path, error: toError(thrown).stack })
  if (response.headersSent) response.destroy()
  else await sendError({ request, response }, error)
  return { failure: { reason: error.reason, message: error.message }, isPanic }
}
