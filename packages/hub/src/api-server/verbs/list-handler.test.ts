import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { fixedKinds } from '@skerry/api/kind-source'
import { configMapKind, namespaceKind } from '@skerry/api/kinds/core'
import { siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { createApiServer } from '../api-server.ts'

/** Without the verbs that only a whole hub has. */
const bareSiteKind = { ...siteKind, subresources: [] }

type Reply = { readonly code: number; readonly headers: Headers; readonly json: Json }
type Json = { readonly [field: string]: unknown } & {
  readonly items?: { readonly metadata: { readonly name: string } }[]
  readonly metadata: Record<string, unknown>
}
type Rig = AsyncDisposable & {
  readonly state: State
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  /** The length of an answer over HTTP/2. */
  lengthOverHttp2(path: string): Promise<number>
}

async function openRig(changesMax = 1_000): Promise<Rig> {
  const stack = new AsyncDisposableStack()
  const doors = { clock: systemClock, random: systemRandom }
  const state = stack.use(createMemoryState({ ...doors, changesMax }))
  const apiServer = stack.use(
    createApiServer({
      ...doors,
      state,
      texts: state,
      kinds: fixedKinds([{ ...namespaceKind, subresources: [] }, configMapKind, bareSiteKind]),
      log: silentLog,
      authenticate: async () => ({ name: 'ann', groups: [] }),
      authorize: () => ({ allowed: true }),
    }),
  )
  const server = createServer((request, response) => void apiServer.handle(request, response))
  stack.defer(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    state,
    get: async (path, headers = {}) => {
      const reply = await fetch(`http://127.0.0.1:${port}${path}`, { headers })
      return { code: reply.status, headers: reply.headers, json: (await reply.json()) as Json }
    },
    lengthOverHttp2: async (path) => {
      const second = createHttp2Server((request, response) => {
        apiServer.handle(request, response)
      })
      await once(second.listen(0, '127.0.0.1'), 'listening')
      const session = connect(`http://127.0.0.1:${(second.address() as AddressInfo).port}`)
      let length = 0
      for await (const chunk of session.request({ ':path': path })) length += String(chunk).length
      session.close()
      const ended = once(second, 'close')
      second.close()
      await ended
      return length
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const maps = '/api/v1/namespaces/default/configmaps'
const sites = '/apis/skerry.dev/v1alpha1/namespaces/default/sites'
const create = (state: State, name: string, data: Record<string, string> = {}) =>
  state.create(configMapKind, { metadata: { name, namespace: 'default' }, data })
const names = ({ json }: Reply) => json.items?.map(({ metadata }) => metadata.name)
const next = ({ json }: Reply) => encodeURIComponent(String(json.metadata['continue']))

describe('a list in pages', () => {
  it('is of one version, and says how much is left', async () => {
    await using rig = await openRig()
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(rig.state, name)
    const first = await rig.get(`${maps}?limit=2`)
    assert.deepEqual(names(first), ['a', 'b'])
    assert.equal(first.json.metadata['remainingItemCount'], 3)
    await rig.state.delete(configMapKind, { namespace: 'default', name: 'c' })
    await create(rig.state, 'bb')
    const second = await rig.get(`${maps}?limit=2&continue=${next(first)}`)
    assert.deepEqual(names(second), ['c', 'd'])
    assert.equal(second.json.metadata['remainingItemCount'], 1)
    const third = await rig.get(`${maps}?continue=${next(second)}`)
    assert.deepEqual([names(third), third.json.metadata['continue']], [['e'], undefined])
    for (const { json } of [second, third])
      assert.equal(json.metadata['resourceVersion'], first.json.metadata['resourceVersion'])
    const partial = { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' }
    assert.deepEqual(names(await rig.get(`${maps}?limit=1`, partial)), ['a'])
    const table = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    const { json } = await rig.get(`${maps}?limit=2`, table)
    assert.equal((json['rows'] as unknown[]).length, 2)
    assert.ok(json.metadata['continue'])
  })
  it('that took too long is answered with 410 and a token to go on with', async () => {
    await using rig = await openRig(4)
    for (const name of ['a', 'b', 'c']) await create(rig.state, name)
    const first = await rig.get(`${maps}?limit=1`)
    for (const name of ['d', 'e', 'f', 'g', 'h', 'i']) await create(rig.state, name)
    const late = await rig.get(`${maps}?limit=1&continue=${next(first)}`)
    assert.deepEqual([late.code, late.json['reason']], [410, 'Expired'])
    assert.match(String(late.json['message']), /too old to display a consistent list result/)
    const rest = await rig.get(`${maps}?limit=3&continue=${next(late)}`)
    assert.deepEqual(names(rest), ['b', 'c', 'd'])
    const exact = await rig.get(`${maps}?resourceVersion=2&resourceVersionMatch=Exact`)
    assert.equal(exact.code, 410)
    assert.equal(exact.json['message'], 'The resourceVersion for the provided list is too old.')
  })
  it('is refused in the words of Kubernetes', async () => {
    await using rig = await openRig()
    for (const name of ['a', 'b']) await create(rig.state, name)
    const token = next(await rig.get(`${maps}?limit=1`))
    const refusals: [string, number, RegExp][] = [
      ['limit=abc', 400, /^strconv.ParseInt: parsing "abc": invalid syntax$/],
      ['continue=abc', 400, /^invalid continue token: continue key is not valid: /],
      [`continue=${token}&resourceVersion=1`, 400, /^specifying resource version is not allowed/],
      [
        'resourceVersion=x',
        400,
        /^invalid resource version: resourceVersion: Invalid value: "x": str/,
      ],
      ['resourceVersion=-1', 400, /ParseUint: parsing "-1": invalid syntax$/],
      ['resourceVersion=99999999999999999999', 400, /value out of range$/],
      ['resourceVersionMatch=Exact', 422, /is forbidden unless resourceVersion is provided$/],
      [
        'resourceVersionMatch=Foo&resourceVersion=1',
        422,
        /Unsupported value: "Foo": supported values: "Exact", "NotOlderThan", ""$/,
      ],
      [
        'resourceVersionMatch=Exact&resourceVersion=0',
        422,
        /"exact" is forbidden for resourceVersion "0"$/,
      ],
      [
        'sendInitialEvents=true',
        422,
        /^ListOptions.meta.k8s.io "" is invalid: sendInitialEvents: Forbidden: /,
      ],
      ['resourceVersion=999', 504, /^Timeout: Too large resource version: 999, current: \d+$/],
      ['resourceVersion=999&resourceVersionMatch=Exact', 504, /^Timeout: Too large/],
    ]
    for (const [query, code, pattern] of refusals) {
      const reply = await rig.get(`${maps}?${query}`)
      assert.equal(reply.code, code, query)
      assert.match(String(reply.json['message']), pattern)
    }
    const future = await rig.get(`${maps}/a?resourceVersion=999`)
    assert.equal(future.headers.get('retry-after'), '1')
    const details = {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    }
    assert.deepEqual([future.code, future.json['details']], [504, details])
    assert.equal((await rig.get(`${maps}/a?resourceVersion=x`)).code, 500)
    assert.equal((await rig.get(`${maps}/a?resourceVersion=1`)).code, 200)
  })
  it('reads versions as a kube-apiserver does', async () => {
    await using rig = await openRig()
    const { metadata } = await create(rig.state, 'a')
    await create(rig.state, 'b')
    const at = `resourceVersion=${metadata.resourceVersion}`
    assert.deepEqual(names(await rig.get(`${maps}?${at}&resourceVersionMatch=Exact`)), ['a'])
    assert.deepEqual(names(await rig.get(`${maps}?${at}`)), ['a', 'b'])
    assert.deepEqual(names(await rig.get(`${maps}?${at}&limit=5`)), ['a'])
    assert.deepEqual(names(await rig.get(`${maps}?resourceVersion=0&limit=1`)), ['a', 'b'])
    assert.deepEqual(names(await rig.get(`${maps}?limit=-1`)), ['a', 'b'])
  })
})

describe('a list', () => {
  it('of Kubernetes’ own kind repeats no type, one of ours does', async () => {
    await using rig = await openRig()
    await create(rig.state, 'a', { b: 'c' })
    await rig.state.create(siteKind, { metadata: { name: 's', namespace: 'default' }, spec: {} })
    const own = await rig.get(maps)
    assert.deepEqual(Object.keys(own.json.items![0]!), ['metadata', 'data'])
    assert.deepEqual([own.json['kind'], own.json['apiVersion']], ['ConfigMapList', 'v1'])
    const ours = await rig.get(sites)
    assert.deepEqual(Object.keys(ours.json.items![0]!).slice(0, 2), ['apiVersion', 'kind'])
    assert.equal(ours.json.metadata['continue'], '')
    assert.deepEqual((await rig.get(`${sites}?labelSelector=none`)).json.items, [])
  })
  it('that is long comes in pieces, compressed or not, and whole', async () => {
    await using rig = await openRig()
    for (let index = 0; index < 12; index += 1)
      await create(rig.state, `m${index}`, { a: 'é'.repeat(100_000) })
    for (const encoding of ['identity', 'gzip']) {
      const reply = await rig.get(maps, { 'accept-encoding': encoding })
      assert.equal(reply.json.items?.length, 12)
      assert.equal(reply.headers.get('content-length'), null)
    }
    assert.ok((await rig.lengthOverHttp2(maps)) > 1_200_000)
  })
})
