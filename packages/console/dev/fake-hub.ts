// A stand-in for the hub, for work on the looks of the console and for its pictures; nothing else uses
// it. It keeps the shapes of the API (lists, watches, metrics, verbs, sessions) and none of its rules.
import { readFileSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import type { FakeObject } from './fake-object.ts'
import { emptyWorld, fakeWorld } from './fake-world.ts'
import { fakeMetrics } from './fake-metrics.ts'

export type FakeScenario = 'normal' | 'empty' | 'forbidden' | 'unavailable' | 'signedOut' | 'slow'
export type FakeHub = {
  readonly url: string
  /** Ends all connections, as if the hub had gone. */
  close(): Promise<void>
}

const dist = join(import.meta.dirname, '..', 'dist')
const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}
const security = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'",
  'x-content-type-options': 'nosniff',
}
const changeEveryMs = 1500

export async function startFakeHub(scenario: FakeScenario, port = 0): Promise<FakeHub> {
  const world = scenario === 'empty' ? emptyWorld() : fakeWorld(Date.now())
  const watches = new Set<{ path: string; response: ServerResponse }>()
  const change = (object: FakeObject, path: string) => {
    for (const watch of watches)
      if (watch.path.startsWith(path) && isSelected(object, watch.path))
        watch.response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`)
  }
  const timer = setInterval(() => {
    for (const [resource, object] of world.tick(Date.now())) change(object, `/${resource}`)
  }, changeEveryMs)

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://hub')
    const isApi = /^\/(api|apis|auth)\//.test(url.pathname)
    if (!isApi) return sendFile(url.pathname, response)
    if (scenario === 'slow') return
    if (scenario === 'signedOut') return sendStatus(response, 401, 'Unauthorized', 'sign in first')
    if (url.pathname === '/auth/session')
      return sendJson(response, 200, { user: { name: 'ada', groups: [] } })
    if (scenario === 'forbidden')
      return sendStatus(
        response,
        403,
        'Forbidden',
        'sites.skerry.dev is forbidden: user "ada" cannot list resource "sites" in namespace "default"',
      )
    if (scenario === 'unavailable')
      return sendStatus(response, 503, 'ServiceUnavailable', 'the database does not answer')
    const verb = /\/rollouts\/([^/]+)\/(pause|resume|abort|retry)$/.exec(url.pathname)
    if (verb !== null && request.method === 'POST')
      return void answerVerb(request, response, verb[2]!, () => {
        const object = world.objects('rollouts').find(({ metadata }) => metadata.name === verb[1])
        if (object !== undefined) sendJson(response, 200, object)
        else sendStatus(response, 404, 'NotFound', `rollouts "${verb[1]}" not found`)
      })
    const metrics = /\/sites\/([^/]+)\/metrics$/.exec(url.pathname)
    if (metrics !== null)
      return sendJson(
        response,
        200,
        fakeMetrics(world.objects('sites'), metrics[1]!, url.searchParams),
      )
    const resource = url.pathname.split('/').at(-1)!
    if (url.searchParams.get('watch') !== 'true')
      return sendJson(response, 200, {
        kind: 'List',
        apiVersion: 'v1',
        metadata: { resourceVersion: String(world.version()) },
        items: world.objects(resource).filter((object) => isSelected(object, url.search)),
      })
    const watch = { path: `/${resource}${url.search}`, response }
    response.writeHead(200, { 'content-type': 'application/json', ...security })
    response.flushHeaders()
    watches.add(watch)
    response.on('close', () => watches.delete(watch))
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      clearInterval(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Follows `fieldSelector=involvedObject.name=NAME` and `metadata.name=NAME`; others select all. */
function isSelected(object: FakeObject, search: string): boolean {
  const selector = new URLSearchParams(search.replace(/^[^?]*\?/, '')).get('fieldSelector') ?? ''
  return selector
    .split(',')
    .filter(Boolean)
    .every((part) => {
      const [path = '', value] = part.split('=')
      const found = path
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object)
      return found === value
    })
}

async function answerVerb(
  request: IncomingMessage,
  response: ServerResponse,
  verb: string,
  done: () => void,
): Promise<void> {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { reason } = JSON.parse(body) as { reason?: string }
  if (request.headers['x-skerry-console'] !== '1')
    return sendStatus(response, 403, 'Forbidden', 'the header x-skerry-console is missing')
  if (reason === 'refuse')
    return sendStatus(response, 409, 'Conflict', `cannot ${verb}: the rollout has just ended`)
  done()
}

function sendJson(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json', ...security })
  response.end(JSON.stringify(value))
}

function sendStatus(response: ServerResponse, code: number, reason: string, message: string): void {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' }
  sendJson(response, code, { ...status, message, reason, code })
}

function sendFile(path: string, response: ServerResponse): void {
  const name = path === '/' ? '/index.html' : normalize(path)
  try {
    const bytes = readFileSync(join(dist, name))
    response.writeHead(200, { 'content-type': types[extname(name)] ?? 'text/plain', ...security })
    response.end(bytes)
  } catch {
    response.writeHead(404, security)
    response.end()
  }
}

if (import.meta.main) {
  const hub = await startFakeHub('normal', Number(process.env['PORT'] ?? 0))
  process.stdout.write(`${hub.url}\n`)
}
