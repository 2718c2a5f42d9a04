import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendJson, sendProblem } from './http-answer.ts'
import type { InferenceLimits } from './limits.ts'
import { type InferParts, inferRoute } from './infer-route.ts'
import { openMetricsType, writeOpenMetrics } from './open-metrics.ts'
import { quote } from './quote.ts'
import { judgeTruths, readTruths } from './truth-request.ts'

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
export type RouteParts = InferParts & {
  readonly connections: () => number
  readonly residentBytes: () => number
  readonly startedSeconds: number
}

/** The version of this server; a test holds it to package.json. */
export const serverVersion = '0.1.0'

type Route = { readonly method: 'GET' | 'POST'; readonly handle: Handler }

/** Every path that is served, by its text: finding one costs a look into a map. */
export function httpRoutes(parts: RouteParts): Handler {
  const routes = routeTable(parts)
  return (request, response) => {
    const path = pathOf(request.url ?? '/')
    const route = routes.get(path) ?? routes.get(decoded(path))
    if (route === undefined) {
      sendProblem(response, { ok: false, status: 404, message: notFound(decoded(path), parts) })
      return
    }
    const method = request.method === 'HEAD' ? 'GET' : request.method
    if (method === route.method) return route.handle(request, response)
    response.setHeader('Allow', route.method === 'GET' ? 'GET, HEAD' : route.method)
    const error = `${request.method} is not allowed here: use ${route.method}`
    if (!request.complete) response.shouldKeepAlive = false
    sendJson(response, 405, JSON.stringify({ error }))
  }
}

function routeTable(parts: RouteParts): Map<string, Route> {
  const { identity, signature } = parts
  const routes = new Map<string, Route>()
  const get = (path: string, body: unknown) => {
    const text = JSON.stringify(body)
    const bytes = Buffer.byteLength(text)
    routes.set(path, {
      method: 'GET',
      handle: (_request, response) => sendJson(response, 200, text, bytes),
    })
  }
  const metadata = { name: 'skerry', version: serverVersion, extensions: ['binary_tensor_data'] }
  get('/v2', metadata)
  get('/v2/', metadata)
  get('/v2/health/live', { live: true })
  get('/v2/health/ready', { ready: true })
  const infer = inferRoute(parts)
  const model = `/v2/models/${identity.model}`
  for (const base of [model, `${model}/versions/${identity.version}`]) {
    get(base, {
      name: identity.model,
      versions: [identity.version],
      platform: 'onnx_onnxv1',
      inputs: signature.inputs,
      outputs: signature.outputs,
    })
    get(`${base}/ready`, { name: identity.model, ready: true })
    routes.set(`${base}/infer`, { method: 'POST', handle: infer })
  }
  routes.set(`${model}/truth`, { method: 'POST', handle: truthRoute(parts) })
  routes.set('/metrics', { method: 'GET', handle: metricsRoute(parts) })
  return routes
}

function truthRoute({ bodies, limits, memory, measures, clock }: RouteParts): Handler {
  return async (request, response) => {
    const body = await bodies.read(request, limits.truthBytesMax)
    if (!body.ok) {
      if (body.status !== 'gone') sendProblem(response, body)
      return
    }
    const reading = readTruths(body.bytes, limits)
    body.release()
    if (!reading.ok) return sendProblem(response, reading)
    const result = judgeTruths(reading.truths, memory, clock.monotonicMs())
    if (!result.ok) return sendProblem(response, result)
    const { judged, correct, unknown, counted } = result
    measures.judged(counted.judged, counted.correct)
    if (unknown.length > 0 && judged === 0)
      return sendProblem(response, {
        ok: false,
        status: 404,
        message: unknownId(unknown[0]!, limits),
      })
    sendJson(
      response,
      200,
      JSON.stringify(reading.isList ? { judged, correct, unknown } : { judged, correct }),
    )
  }
}

function unknownId(id: string, { truthAgeMsMax }: InferenceLimits): string {
  return `no answer with the id ${quote(id)} is remembered: send the truth within ${truthAgeMsMax / 60_000} minutes, to the process that answered, with the id of its answer`
}

function metricsRoute(parts: RouteParts): Handler {
  const { identity, measures, startedSeconds, queue } = parts
  return (_request, response) => {
    const text = writeOpenMetrics({
      identity,
      totals: measures.totals,
      queueDepth: queue.depth,
      connections: parts.connections(),
      residentBytes: parts.residentBytes(),
      startedSeconds,
    })
    response.writeHead(200, {
      'Content-Type': openMetricsType,
      'Content-Length': Buffer.byteLength(text),
    })
    response.end(text)
  }
}

function pathOf(url: string): string {
  const end = url.search(/[?#]/)
  return end < 0 ? url : url.slice(0, end)
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

const modelPath = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?=\/|$)/

function notFound(path: string, { identity }: RouteParts): string {
  const [, model, version] = modelPath.exec(path) ?? []
  if (model !== undefined && model !== identity.model)
    return `the model ${quote(model)} is not served here: ${quote(identity.model)} is`
  if (version !== undefined && version !== identity.version)
    return `version ${quote(version)} of ${quote(identity.model)} is not served here: ${quote(identity.version)} is`
  return `${quote(path)} is not found: see /v2/models/${identity.model}, /v2/health/ready and /metrics`
}
