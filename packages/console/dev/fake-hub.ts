// A stand-in for the hub, for work on the looks of the console, its pictures and its browser tests. It
// keeps the shapes of the API (lists, watches, metrics, verbs, sessions) and none of its rules.
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { bodyOf, security, sendFile, sendJson, sendStatus } from './fake-answers.ts'
import { fakeMetrics } from './fake-metrics.ts'
import type { FakeObject } from './fake-object.ts'
import { type FakeWorld, emptyWorld, fakeWorld } from './fake-world.ts'

const refusals = {
  forbidden: {
    code: 403,
    reason: 'Forbidden',
    message:
      'sites.skerry.dev is forbidden: user "ada" cannot list resource "sites" in namespace "default"',
  },
  unavailable: {
    code: 503,
    reason: 'ServiceUnavailable',
    message: 'the database does not answer',
  },
} as const

export type FakeScenario =
  | 'normal'
  | 'empty'
  | 'large'
  | 'signedOut'
  | 'slow'
  | keyof typeof refusals

export type FakeHub = {
  readonly url: string
  /** Every request that changes something, such as `POST /auth/session {"code":"x"}`. */
  readonly writes: readonly string[]
  /** Changes the status of an object, as a controller would. */
  patch(resource: string, name: string, status: Record<string, unknown>): void
  /** Ends what is open; new connections are taken. */
  dropConnections(): void
  /** Ends all connections, as if the hub had gone. */
  close(): Promise<void>
}

type Context = {
  readonly scenario: FakeScenario
  readonly world: FakeWorld
  readonly writes: string[]
  readonly watches: Set<{ readonly path: string; readonly response: ServerResponse }>
  isSignedIn: boolean
}

const changeEveryMs = 1500

function worldOf(scenario: FakeScenario): FakeWorld {
  if (scenario === 'empty') return emptyWorld()
  return fakeWorld(Date.now(), scenario === 'large' ? 1000 : 14)
}

export async function startFakeHub(scenario: FakeScenario, port = 0): Promise<FakeHub> {
  const world = worldOf(scenario)
  const context: Context = {
    scenario,
    world,
    writes: [],
    watches: new Set(),
    isSignedIn: scenario !== 'signedOut',
  }
  const tell = (object: FakeObject, resource: string) => {
    for (const watch of context.watches)
      if (watch.path.startsWith(`/${resource}?`) && isSelected(object, watch.path))
        watch.response.write(`${JSON.stringify({ type: 'MODIFIED', object })}\n`)
  }
  const timer = setInterval(() => {
    for (const [resource, object] of world.tick(Date.now())) tell(object, resource)
  }, changeEveryMs)
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://hub')
    if (!/^\/(api|apis|auth)\//.test(url.pathname)) sendFile(url.pathname, response)
    else if (scenario !== 'slow') void answer(context, url, request, response)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    writes: context.writes,
    patch: (resource, name, status) => tell(world.patch(resource, name, status), resource),
    dropConnections: () => server.closeAllConnections(),
    close: async () => {
      clearInterval(timer)
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function answer(
  context: Context,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { scenario, world } = context
  if (request.method !== 'GET') return answerWrite(context, url, request, response)
  if (!context.isSignedIn) return sendStatus(response, 401, 'Unauthorized', 'Sign in first.')
  if (url.pathname === '/auth/session')
    return sendJson(response, 200, { user: { name: 'ada', groups: [] } })
  if (scenario === 'forbidden' || scenario === 'unavailable') {
    const { code, reason, message } = refusals[scenario]
    return sendStatus(response, code, reason, message)
  }
  const site = /\/sites\/([^/]+)\/metrics$/.exec(url.pathname)?.[1]
  if (site !== undefined)
    return sendJson(response, 200, fakeMetrics(world.objects('sites'), site, url.searchParams))
  const resource = url.pathname.split('/').at(-1)!
  if (url.searchParams.get('watch') === 'true')
    return openWatch(context, `/${resource}${url.search}`, response)
  sendJson(response, 200, {
    kind: 'List',
    apiVersion: 'v1',
    metadata: { resourceVersion: String(world.version()) },
    items: world.objects(resource).filter((object) => isSelected(object, url.search)),
  })
}

function openWatch(context: Context, path: string, response: ServerResponse): void {
  const watch = { path, response }
  response.writeHead(200, { 'content-type': 'application/json', ...security })
  response.flushHeaders()
  context.watches.add(watch)
  response.on('close', () => context.watches.delete(watch))
}

/** Sign-in, sign-out and the verbs of rollouts. The code `good` signs in; the reason `refuse` is refused. */
async function answerWrite(
  context: Context,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await bodyOf(request)
  context.writes.push(`${request.method} ${url.pathname} ${body}`)
  if (request.headers['x-skerry-console'] !== '1')
    return sendStatus(response, 403, 'Forbidden', 'the header x-skerry-console is missing')
  if (url.pathname === '/auth/session') {
    context.isSignedIn = request.method === 'POST' && body.includes('good')
    if (context.isSignedIn || request.method === 'DELETE') return sendJson(response, 200, {})
    return sendStatus(response, 401, 'Unauthorized', 'The link was used already or has expired.')
  }
  const [, name, verb] = /\/rollouts\/([^/]+)\/([a-z]+)$/.exec(url.pathname) ?? []
  const object = context.world.objects('rollouts').find(({ metadata }) => metadata.name === name)
  if (object === undefined)
    return sendStatus(response, 404, 'NotFound', `rollouts "${name}" not found`)
  if (body.includes('refuse'))
    return sendStatus(response, 409, 'Conflict', `cannot ${verb}: the rollout has just ended`)
  sendJson(response, 200, object)
}

/** Follows `fieldSelector`: a path and what stands there, such as `spec.site=depot-1`. */
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

if (import.meta.main) {
  const hub = await startFakeHub('normal', Number(process.env['PORT'] ?? 0))
  process.stdout.write(`${hub.url}\n`)
}
