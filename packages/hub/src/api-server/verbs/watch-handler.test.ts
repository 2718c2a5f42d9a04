import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, type Server, createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { createInterface } from 'node:readline'
import { describe, it } from 'node:test'
import { fixedKinds } from '@skerry/api/kind-source'
import { configMapKind, eventKind, namespaceKind } from '@skerry/api/kinds/core'
import type { KubeObject } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import { type Clock, systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { type ApiServer, createApiServer } from '../api-server.ts'
import { slowReaderMs } from '../limits.ts'

type Rig = AsyncDisposable & {
  readonly state: State
  readonly apiServer: ApiServer
  readonly port: number
}

/** The kinds and their handlers must agree; nothing here finalizes. */
const finalize = { verbs: ['update'] as const, handle: async () => ({}) }

async function openRig(clock: Clock = systemClock, changesMax?: number): Promise<Rig> {
  const stack = new AsyncDisposableStack()
  const random = systemRandom
  const state = stack.use(
    createMemoryState({ clock, random, ...(changesMax === undefined ? {} : { changesMax }) }),
  )
  const apiServer = createApiServer({
    state,
    texts: state,
    kinds: fixedKinds([namespaceKind, configMapKind, eventKind]),
    clock,
    random,
    log: silentLog,
    authenticate: async () => ({ name: 'ann', groups: [] }),
    authorize: () => ({ allowed: true }),
    extensions: { namespaces: { subresources: { finalize } } },
  })
  const server = createServer((incoming, response) => void apiServer.handle(incoming, response))
  stack.defer(() => closed(server))
  stack.use(apiServer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return { state, apiServer, port, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function closed(server: Server): Promise<void> {
  server.closeAllConnections()
  await once(server.close(), 'close')
}

type WireEvent = { readonly type: string; readonly object: Record<string, unknown> & KubeObject }
type Wire = AsyncDisposable & {
  readonly response: IncomingMessage
  next(): Promise<WireEvent>
  /** The rest, until the stream ends. */
  rest(): Promise<WireEvent[]>
}

const maps = '/api/v1/namespaces/default/configmaps'

async function watch(rig: Rig, query: string, accept = 'application/json'): Promise<Wire> {
  const sent = request({
    port: rig.port,
    host: '127.0.0.1',
    path: `${maps}?watch=true&${query}`,
    headers: { accept },
  })
  sent.on('error', () => {})
  sent.end()
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  const lines = createInterface({ input: response })[Symbol.asyncIterator]()
  return {
    response,
    next: async () => {
      const { value, done } = await lines.next()
      assert.ok(done !== true, 'the watch ended before its event came')
      return JSON.parse(value) as WireEvent
    },
    rest: async () => {
      const events: WireEvent[] = []
      for (let line = await lines.next(); line.done !== true; line = await lines.next())
        events.push(JSON.parse(line.value) as WireEvent)
      return events
    },
    [Symbol.asyncDispose]: async () => void sent.destroy(),
  }
}

const create = (state: State, name: string, data: Record<string, string> = {}) =>
  state.create(configMapKind, { metadata: { name, namespace: 'default' }, data })

describe('a watch on the wire', () => {
  it('begins with what is there and says where that ends, when asked to', async () => {
    await using rig = await openRig()
    await create(rig.state, 'a')
    await using wire = await watch(
      rig,
      'sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan',
    )
    assert.equal(wire.response.statusCode, 200)
    assert.equal((await wire.next()).type, 'ADDED')
    const mark = await wire.next()
    assert.equal(mark.type, 'BOOKMARK')
    assert.equal(mark.object.kind, 'ConfigMap')
    assert.deepEqual(mark.object.metadata.annotations, { 'k8s.io/initial-events-end': 'true' })
    await create(rig.state, 'b')
    const added = await wire.next()
    assert.deepEqual([added.type, added.object.metadata.name], ['ADDED', 'b'])
  })
  it('begins from now without what is there, when asked to', async () => {
    await using rig = await openRig()
    await create(rig.state, 'a')
    await using wire = await watch(rig, 'sendInitialEvents=false&resourceVersionMatch=NotOlderThan')
    await create(rig.state, 'b')
    assert.equal((await wire.next()).object.metadata.name, 'b')
  })
  it('sends tables and metadata alone', async () => {
    await using rig = await openRig()
    await create(rig.state, 'a')
    await using table = await watch(rig, '', 'application/json;as=Table;v=v1;g=meta.k8s.io')
    const row = await table.next()
    assert.equal(row.type, 'ADDED')
    assert.equal(row.object.kind, 'Table')
    assert.equal((row.object['rows'] as { cells: string[] }[])[0]!.cells[0], 'a')
    await using marked = await watch(
      rig,
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true',
      'application/json;as=Table;v=v1;g=meta.k8s.io',
    )
    await marked.next()
    const [mark] = (await marked.next()).object['rows'] as { object: KubeObject }[]
    assert.equal(mark?.object.metadata.annotations?.['k8s.io/initial-events-end'], 'true')
    await using partial = await watch(
      rig,
      '',
      'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
    )
    assert.equal((await partial.next()).object.kind, 'PartialObjectMetadata')
  })
  it('ends when its time is over', async () => {
    await using rig = await openRig()
    await create(rig.state, 'a')
    await using wire = await watch(rig, 'timeoutSeconds=1')
    assert.deepEqual(
      (await wire.rest()).map(({ type }) => type),
      ['ADDED'],
    )
  })
  it('says 410 and 504 as an event, 500 and 422 at once', async () => {
    await using rig = await openRig(systemClock, 2)
    for (const name of ['a', 'b', 'c', 'd']) await create(rig.state, name)
    await using old = await watch(rig, 'resourceVersion=1')
    const [event] = await old.rest()
    assert.equal(event?.type, 'ERROR')
    assert.deepEqual([event?.object['code'], event?.object['reason']], [410, 'Expired'])
    assert.match(String(event?.object['message']), /^too old resource version: 1 \(\d+\)$/)
    const from = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion'
    await using future = await watch(rig, `${from}=99999999`)
    const [early] = await future.rest()
    assert.deepEqual([early?.type, early?.object['code']], ['ERROR', 504])
    await using odd = await watch(rig, 'resourceVersion=x')
    assert.equal(odd.response.statusCode, 500)
    assert.match(JSON.stringify(await odd.rest()), /ParseUint/)
    await using unclear = await watch(rig, 'sendInitialEvents=true')
    assert.equal(unclear.response.statusCode, 422)
  })
  it('of one name hears of that name', async () => {
    await using rig = await openRig()
    await create(rig.state, 'a')
    await using wire = await watch(rig, 'fieldSelector=metadata.name%3Db')
    await create(rig.state, 'b')
    assert.equal((await wire.next()).object.metadata.name, 'b')
  })
  it('ends when the server closes', async () => {
    await using rig = await openRig()
    await using wire = await watch(rig, '')
    const rest = wire.rest()
    await rig.apiServer[Symbol.asyncDispose]()
    assert.deepEqual(await rest, [])
  })
  it('that takes nothing is cut off and told why', async () => {
    const cutOff = Promise.withResolvers<void>()
    const impatient: Clock = {
      ...systemClock,
      sleep: async (delayMs, signal) => {
        const isPatience = delayMs === slowReaderMs
        await systemClock.sleep(isPatience ? 100 : delayMs, signal)
        if (isPatience) cutOff.resolve()
      },
    }
    await using rig = await openRig(impatient)
    const socket = connect(rig.port, '127.0.0.1')
    await once(socket, 'connect')
    socket.pause()
    socket.write(`GET ${maps}?watch=true HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`)
    for (let index = 0; index < 24; index += 1)
      await create(rig.state, `m${index}`, { a: 'x'.repeat(1 << 20) })
    // Read on only when patience is over, however busy the machine is.
    await cutOff.promise
    let tail = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => (tail = `${tail}${chunk}`.slice(-400)))
    socket.on('error', () => {})
    socket.resume()
    await once(socket, 'close')
    assert.match(tail, /"type":"ERROR".*not read for too long.*"code":410/)
  })
})
