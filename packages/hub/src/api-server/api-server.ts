import { toError } from '@skerry/base/assert'
import { ApiError, badRequest } from '@skerry/api/status'
import { sendAnswer, sendError } from './answer.ts'
import {
  type ApiRequest,
  type Attributes,
  type User,
  attributesOf,
  forbidden,
} from './authorization.ts'
import type {
  ApiResponse,
  ApiServerOptions,
  Call,
  ObjectCall,
  ResourceCall,
  ServerContext,
} from './call.ts'
import { serveDelete, serveDeleteCollection } from './delete-handler.ts'
import { discoveryOf } from './discovery.ts'
import { type SubresourceVerb, extensionTable } from './extension.ts'
import { requestsInFlightMax, urlCharactersMax } from './limits.ts'
import { negotiate } from './media-type.ts'
import { serveCreate, serveGet, serveList, serveUpdate } from './object-handlers.ts'
import { openApiDocuments, serveOpenApi } from './openapi-handler.ts'
import { servePatch } from './patch-handler.ts'
import { isPublicPath, servePublic } from './public-handler.ts'
import { isTrue } from './request-options.ts'
import { type Route, isOwnPath, routesOf } from './route.ts'
import { methodNotAllowed, serveSubresource } from './subresource-handler.ts'
import { serveWatch } from './watch-handler.ts'

/** The Kubernetes API over a `State`. */
export type ApiServer = AsyncDisposable & {
  /** Answers a request of HTTP/1.1 or HTTP/2; false, and nothing done, if the path is another's. */
  handle(request: ApiRequest, response: ApiResponse): boolean
}

/** Throws when a kind promises a subresource that nobody handles. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { kinds, log } = options
  const closing = new AbortController()
  const extensions = extensionTable(kinds, options.extensions ?? {})
  const server: ServerContext = {
    ...options,
    extensions,
    closing: closing.signal,
    watches: { open: 0 },
  }
  const serve = serveWith(server, options)
  const running = new Set<Promise<void>>()
  return {
    handle: (request, response) => {
      const [path, search] = splitUrl(request.url ?? '')
      if (!isOwnPath(path)) return false
      const isBusy = running.size - server.watches.open >= requestsInFlightMax
      const work = isBusy
        ? sendError({ request, response }, busy())
        : serve({ request, response, path, search })
      const done = work
        .catch((thrown: unknown) => {
          // The answer itself could not be sent: the client has gone, or is told by a cut.
          log.debug('an answer was not sent', { path, error: toError(thrown).message })
          response.destroy()
        })
        .finally(() => running.delete(done))
      running.add(done)
      return true
    },
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      await Promise.all(running)
    },
  }
}

function busy(): ApiError {
  return new ApiError('TooManyRequests', 'too many requests at once: come back in a second', {
    retryAfterSeconds: 1,
  })
}

function splitUrl(url: string): [string, string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}

type Incoming = {
  readonly request: ApiRequest
  readonly response: ApiResponse
  readonly path: string
  readonly search: string
}

function serveWith(
  server: ServerContext,
  options: ApiServerOptions,
): (incoming: Incoming) => Promise<void> {
  const routes = routesOf(server.kinds)
  const serveDocument = documentsOf(server)
  const dispatch = async ({ request, response, path, search }: Incoming): Promise<void> => {
    if (path.length + search.length > urlCharactersMax)
      throw badRequest(`the URL is longer than ${urlCharactersMax} characters`)
    const query = new URLSearchParams(search)
    if (isPublicPath(path))
      return servePublic(options.readyChecks ?? {}, { request, response, query, path })
    const user = await options.authenticate(request)
    if (user === undefined) throw new ApiError('Unauthorized', 'Unauthorized')
    const route = routes(path)
    const { method = 'GET' } = request
    const verb = verbOf(method, route, query)
    const attributes: Attributes =
      route?.type === 'resource'
        ? attributesOf(verb, route)
        : { type: 'path', verb: method.toLowerCase(), path }
    const decision = await options.authorize(user, attributes)
    if (!decision.allowed) throw forbidden(user, attributes, decision.reason)
    if (route === undefined)
      throw new ApiError('NotFound', 'the server could not find the requested resource')
    if (route.type === 'document') return serveDocument({ request, response, query, user }, route)
    const accepted = negotiate(request.headers.accept)
    const call = { request, response, query, user, accepted, target: route }
    if (verb === '') throw methodNotAllowed()
    await serveResource(server, call, verb)
    if (!readVerbs.has(verb)) logWrite(server, user, attributes)
  }
  return (incoming) =>
    dispatch(incoming).catch((thrown: unknown) => sendFailure(server, incoming, thrown))
}

const readVerbs: ReadonlySet<string> = new Set(['get', 'list', 'watch'])

function logWrite({ log }: ServerContext, user: User, attributes: Attributes): void {
  if (attributes.type === 'path') return
  const { verb, resource, subresource, namespace, name } = attributes
  log.info('changed', { user: user.name, verb, resource, subresource, namespace, name })
}

async function sendFailure(
  { log }: ServerContext,
  { request, response, path }: Incoming,
  thrown: unknown,
): Promise<void> {
  const error =
    thrown instanceof ApiError
      ? thrown
      : new ApiError('InternalError', 'the hub failed here; its log says why')
  if (error !== thrown && !request.destroyed && !response.destroyed)
    log.error('a request failed', { path, error: toError(thrown).stack })
  if (response.headersSent) response.destroy()
  else await sendError({ request, response }, error)
}

/** The verb that authorization knows, from method and path; empty if the method does not fit. */
function verbOf(method: string, route: Route | undefined, query: URLSearchParams): string {
  if (route?.type !== 'resource') return ''
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

async function serveResource(
  server: ServerContext,
  call: ResourceCall,
  verb: string,
): Promise<void> {
  const { name, subresource } = call.target
  if (verb === 'watch') return serveWatch(server, call)
  if (name === undefined) {
    if (verb === 'list') return serveList(server, call)
    if (verb === 'create') return serveCreate(server, call)
    return serveDeleteCollection(server, call)
  }
  const one: ObjectCall = { ...call, target: { ...call.target, name } }
  if (subresource !== undefined && subresource !== 'status')
    return serveSubresource(server, one, verb as SubresourceVerb)
  if (verb === 'get') return serveGet(server, one)
  if (verb === 'update') return serveUpdate(server, one)
  if (verb === 'patch') return servePatch(server, one)
  if (subresource === undefined) return serveDelete(server, one)
  throw methodNotAllowed()
}

/** Answers for what is no resource: discovery and OpenAPI. */
function documentsOf(
  server: ServerContext,
): (call: Omit<Call, 'accepted'>, route: Extract<Route, { type: 'document' }>) => Promise<void> {
  const discovery = discoveryOf(server.kinds, server.extensions)
  const documents = openApiDocuments(server.kinds, server.extensions)
  return async (call, { segments }) => {
    if (call.request.method !== 'GET' && call.request.method !== 'HEAD') throw methodNotAllowed()
    const [root, ...rest] = segments
    if (root === 'openapi') return serveOpenApi(call, documents.find(rest))
    const accepted = negotiate(call.request.headers.accept)
    const isAggregated =
      accepted.as === 'APIGroupDiscoveryList' &&
      rest.length === 0 &&
      (root === 'api' || root === 'apis')
    const body = isAggregated
      ? discovery.aggregated(root, accepted.version ?? 'v2')
      : discovery.plain(segments)
    if (body === undefined)
      throw new ApiError('NotFound', 'the server could not find the requested resource')
    const shape = isAggregated ? accepted : { format: accepted.format }
    await sendAnswer({ ...call, accepted: shape }, { code: 200, body })
  }
}
