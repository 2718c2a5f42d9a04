import { once } from 'node:events'
import { type Server, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fixedKinds } from '@skerry/api/kind-source'
import { kinds } from '@skerry/api/kinds'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createApiServer } from '@skerry/hub/api-server/api-server'
import { createMemoryState } from '@skerry/store/memory-state'
import { describeState } from '@skerry/testing/state-conformance'
import { createHttpState } from './http-state.ts'

const subresource = { verbs: ['get', 'create'], handle: async () => ({}) } as const
const extensions = Object.fromEntries(
  kinds.map((kind) => [
    kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`,
    { subresources: Object.fromEntries(kind.subresources.map((name) => [name, subresource])) },
  ]),
)

describeState('HTTP', async () => {
  const clock = systemClock
  const random = systemRandom
  const stack = new AsyncDisposableStack()
  const state = stack.use(createMemoryState({ clock, random }))
  const apiServer = createApiServer({
    state,
    texts: state,
    kinds: fixedKinds(kinds),
    clock,
    random,
    log: silentLog,
    authenticate: async () => ({ name: 'tester', groups: [] }),
    authorize: () => ({ allowed: true }),
    extensions,
  })
  const server = createServer((request, response) => void apiServer.handle(request, response))
  stack.defer(() => closed(server))
  stack.use(apiServer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const client = stack.use(
    createHttpState({ server: `http://127.0.0.1:${port}`, kinds, clock, random }),
  )
  return { state: client, [Symbol.asyncDispose]: () => stack.disposeAsync() }
})

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  await once(server.close(), 'close')
}
