import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryRollups } from '@skerry/store/memory-rollups'
import { createMemoryState } from '@skerry/store/memory-state'
import { createApiServer } from '../../api-server/api-server.ts'
import type { Extensions } from '../../api-server/extension.ts'
import { createImpersonation } from '../../api-server/impersonation.ts'
import { serveLocally } from '../../api-server/testing/serve-locally.ts'
import { createAccessReviews } from '../../extensions/access-reviews.ts'
import { createSiteMetricsHandler } from '../../extensions/site-subresources.ts'
import { echoingExtensions } from '../../../integration/api-rig.ts'
import { type Access, openAccess } from '../access.ts'
import { bootstrapAccess } from '../bootstrap-access.ts'
import { createRbacAdmission } from '../rbac-admission.ts'

export type Reply = { readonly code: number; readonly body: Record<string, unknown> }

export type Sent = {
  readonly groups?: readonly string[]
  readonly body?: unknown
  readonly type?: string
}

/** A watch as a client reads it. */
export type Watching = {
  /** The next event: its type and the name of its object, or the code of an error. */
  readonly next: () => Promise<string>
  readonly close: () => void
}

export type AccessRig = AsyncDisposable & {
  readonly url: string
  readonly state: State
  readonly access: Access
  readonly as: (user: string, method: string, path: string, sent?: Sent) => Promise<Reply>
  readonly watch: (user: string, path: string) => Promise<Watching>
  /** Waits until what was written is known to whoever decides. */
  readonly until: (isSo: () => boolean | Promise<boolean>) => Promise<void>
}

const settleMs = 10
const triesMax = 300

/** An API server in memory that believes what `x-user` and `x-groups` say; without them it is the administrator. */
export async function openAccessRig(): Promise<AccessRig> {
  await using stack = new AsyncDisposableStack()
  const clock = systemClock
  const random = systemRandom
  const state = stack.use(createMemoryState({ clock, random }))
  const source = fixedKinds(kinds)
  await bootstrapAccess(state, kinds)
  const access = stack.use(openAccess({ state, kinds: source, clock, log: silentLog }))
  await access.synced
  const extensions: Extensions = {
    ...echoingExtensions(),
    'sites.skerry.dev': {
      subresources: { metrics: createSiteMetricsHandler(createMemoryRollups(), clock) },
    },
    ...createRbacAdmission({ state, access }),
    ...createAccessReviews({ state, access, kinds: source }),
  }
  const apiServer = createApiServer({
    state,
    texts: state,
    kinds: source,
    clock,
    random,
    log: silentLog,
    authenticate: async ({ headers }) =>
      headers['x-user'] === undefined
        ? { name: 'admin', groups: ['system:masters', 'system:authenticated'] }
        : {
            name: String(headers['x-user']),
            groups: String(headers['x-groups'] ?? 'system:authenticated').split(','),
          },
    impersonate: createImpersonation(access.authorize),
    authorize: access.authorize,
    extensions,
  })
  const port = await serveLocally(apiServer, stack)
  const opened = stack.move()
  return {
    url: `http://127.0.0.1:${port}`,
    state,
    access,
    as: (user, method, path, sent = {}) => send({ port, user, method, path, ...sent }),
    watch: (user, path) => openWatch(port, user, path),
    until: async (isSo) => {
      for (let attempt = 1; !(await isSo()); attempt += 1) {
        if (attempt > triesMax) throw new Error('It did not become so.')
        await clock.sleep(settleMs)
      }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

type Request = Sent & {
  readonly port: number
  readonly user: string
  readonly method: string
  readonly path: string
}

function open({ port, user, method, path, groups, body, type }: Request): Promise<IncomingMessage> {
  const headers = {
    'x-user': user,
    ...(groups === undefined ? {} : { 'x-groups': groups.join(',') }),
    ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
  }
  const sent = request({ port, host: '127.0.0.1', method, path, headers })
  sent.end(body === undefined ? undefined : JSON.stringify(body))
  return once(sent, 'response').then(([response]) => response as IncomingMessage)
}

async function send(asked: Request): Promise<Reply> {
  const response = await open(asked)
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  const isJson = response.headers['content-type']?.includes('json') === true
  return { code: response.statusCode ?? 0, body: isJson ? JSON.parse(text) : { text } }
}

async function openWatch(port: number, user: string, path: string): Promise<Watching> {
  const response = await open({ port, user, method: 'GET', path })
  const lines = linesOf(response)
  return {
    next: async () => {
      const { value, done } = await lines.next()
      if (done === true) return 'END'
      const { type, object } = JSON.parse(value) as {
        type: string
        object: { code?: number; metadata: { name: string } }
      }
      return `${type} ${type === 'ERROR' ? object.code : object.metadata.name}`
    },
    close: () => response.destroy(),
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, undefined> {
  let rest = ''
  try {
    for await (const chunk of response) {
      const lines = (rest + String(chunk)).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
  } catch {
    // Closed from here.
  }
  return undefined
}
