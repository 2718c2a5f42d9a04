import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, type Socket, connect, createServer as createTcpServer } from 'node:net'
import { describe, it } from 'node:test'
import { fixedKinds } from '@skerry/api/kind-source'
import { configMapKind, namespaceKind } from '@skerry/api/kinds/core'
import type { State, WatchEvent } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom, systemRandom } from '@skerry/base/random'
import { createApiServer } from '@skerry/hub/api-server/api-server'
import { createMemoryState } from '@skerry/store/memory-state'
import { createHttpState } from './http-state.ts'

const kinds = [namespaceKind, configMapKind]

type Rig = AsyncDisposable & {
  /** The state behind the hub. */
  readonly behind: State
  readonly client: State
  /** Breaks every connection between client and hub; the next ones work again. */
  cut(): void
}

/** A hub, a client, and between them a wire that can be cut. */
async function openRig(changesMax?: number): Promise<Rig> {
  const stack = new AsyncDisposableStack()
  const clock = systemClock
  const options = { clock, random: systemRandom }
  const behind = stack.use(
    createMemoryState({ ...options, ...(changesMax === undefined ? {} : { changesMax }) }),
  )
  const apiServer = createApiServer({
    ...options,
    state: behind,
    texts: behind,
    // Without the verbs that only a whole hub has.
    kinds: fixedKinds(kinds.map((kind) => ({ ...kind, subresources: [] }))),
    log: silentLog,
    authenticate: async () => ({ name: 'ann', groups: [] }),
    authorize: () => ({ allowed: true }),
  })
  const hub = createServer((request, response) => void apiServer.handle(request, response))
  stack.defer(async () => {
    hub.closeAllConnections()
    await once(hub.close(), 'close')
  })
  stack.use(apiServer)
  await once(hub.listen(0, '127.0.0.1'), 'listening')
  const hubPort = (hub.address() as AddressInfo).port
  const sockets = new Set<Socket>()
  const wire = createTcpServer((near) => {
    const far = connect(hubPort, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far).pipe(near)
  })
  const cut = (): void => sockets.forEach((socket) => socket.destroy())
  stack.defer(async () => {
    cut()
    await once(wire.close(), 'close')
  })
  await once(wire.listen(0, '127.0.0.1'), 'listening')
  const server = `http://127.0.0.1:${(wire.address() as AddressInfo).port}`
  const client = stack.use(createHttpState({ server, kinds, clock, random: seededRandom(1) }))
  return { behind, client, cut, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const create = (state: State, name: string) =>
  state.create(configMapKind, { metadata: { name, namespace: 'default' } })

describe('a watch over HTTP', () => {
  it('goes on after lost connections, and misses and repeats nothing', async () => {
    await using rig = await openRig()
    await create(rig.behind, 'first')
    const abort = new AbortController()
    const seen: string[] = []
    for await (const event of rig.client.watch(configMapKind, { signal: abort.signal })) {
      assert.ok(event.type === 'ADDED')
      seen.push(event.object.metadata.name)
      if (seen.length === 8) abort.abort()
      else {
        if (seen.length % 2 === 0) rig.cut()
        await create(rig.behind, `after-${seen.length}`)
      }
    }
    assert.deepEqual(seen, [
      'first',
      ...Array.from({ length: 7 }, (_, index) => `after-${index + 1}`),
    ])
  })
  it('is told to list again when it was away for too long', async () => {
    await using rig = await openRig(3)
    const { resourceVersion } = await rig.client.list(configMapKind)
    for (let index = 0; index < 10; index += 1) await create(rig.behind, `m${index}`)
    const events = rig.client.watch(configMapKind, {
      resourceVersion,
      signal: new AbortController().signal,
    })
    const first = events[Symbol.asyncIterator]().next()
    await assert.rejects(first, (thrown) => isApiError(thrown, 'Expired'))
  })
  it('that cannot begin says so', async () => {
    const client = createHttpState({ server: 'http://127.0.0.1:1', kinds, clock: systemClock })
    const { signal } = new AbortController()
    for (const resourceVersion of [undefined, '5']) {
      const events = client.watch(configMapKind, { signal, resourceVersion })
      const first = events[Symbol.asyncIterator]().next()
      await assert.rejects(first, (thrown) => isApiError(thrown, 'ServiceUnavailable'))
    }
    await client[Symbol.asyncDispose]()
  })
  it('ends when the client is closed', async () => {
    await using rig = await openRig()
    const server = createHttpState({ server: 'http://127.0.0.1:1', kinds, clock: systemClock })
    await server[Symbol.asyncDispose]()
    const events: WatchEvent[] = []
    for await (const event of server.watch(configMapKind, { signal: new AbortController().signal }))
      events.push(event)
    assert.deepEqual(events, [])
    assert.ok(rig.client)
  })
})
