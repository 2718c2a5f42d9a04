import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { fixedKinds } from '@skerry/api/kind-source'
import { configMapKind } from '@skerry/api/kinds/core'
import { thingKind } from '@skerry/api/managed-fields/testing/thing-kind'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { createApiServer } from '../api-server.ts'
import type { Authorize } from '../authorization.ts'

type Body = {
  readonly code?: number
  readonly message?: string
  readonly reason?: string
  readonly metadata?: { readonly managedFields?: readonly { readonly manager: string }[] }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: Readonly<Record<string, unknown>>
}
type Reply = { readonly code: number; readonly body: Body; readonly warning: string | null }

const types = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
} as const

async function openRig(authorize: Authorize = () => ({ allowed: true })) {
  await using stack = new AsyncDisposableStack()
  const doors = { clock: systemClock, random: systemRandom }
  const state = stack.use(createMemoryState(doors))
  const apiServer = createApiServer({
    ...doors,
    state,
    texts: state,
    kinds: fixedKinds([configMapKind, thingKind]),
    log: silentLog,
    authenticate: async () => ({ name: 'ann', groups: [] }),
    authorize,
  })
  const server = createServer((request, response) => {
    if (!apiServer.handle(request, response)) response.writeHead(404).end()
  })
  stack.defer(async () => {
    server.closeAllConnections()
    await once(server.close(), 'close')
  })
  stack.use(apiServer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const maps = `http://127.0.0.1:${port}/api/v1/namespaces/default/configmaps`
  const patch = async (name: string, type: keyof typeof types, body: unknown): Promise<Reply> => {
    const sent = await fetch(`${maps}/${name}`, {
      method: 'PATCH',
      headers: { 'content-type': types[type], 'user-agent': 'test/1' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    const answer = (await sent.json()) as Body
    return { code: sent.status, body: answer, warning: sent.headers.get('warning') }
  }
  const opened = stack.move()
  return { state, patch, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

const map = (name: string, data: object) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data,
})

describe('patches that come at once', () => {
  it('are all kept', async () => {
    await using rig = await openRig()
    await rig.patch('a?fieldManager=m', 'apply', map('a', {}))
    const replies = await Promise.all(
      Array.from({ length: 8 }, (_, n) => rig.patch('a', 'merge', { data: { [`k${n}`]: 'x' } })),
    )
    assert.deepEqual(new Set(replies.map(({ code }) => code)), new Set([200]))
    const stored = await rig.state.get(configMapKind, { namespace: 'default', name: 'a' })
    assert.equal(Object.keys(stored?.data ?? {}).length, 8)
  })

  it('make one object when all of them apply it', async () => {
    await using rig = await openRig()
    const replies = await Promise.all(
      Array.from({ length: 6 }, (_, n) =>
        rig.patch(`a?fieldManager=m${n}`, 'apply', map('a', { [`k${n}`]: 'x' })),
      ),
    )
    assert.deepEqual(
      replies.map(({ code }) => code).toSorted((one, other) => one - other),
      [200, 200, 200, 200, 200, 201],
    )
    const stored = await rig.state.get(configMapKind, { namespace: 'default', name: 'a' })
    assert.equal(Object.keys(stored?.data ?? {}).length, 6)
    assert.equal(stored?.metadata.managedFields?.length, 6)
  })
})

describe('an apply', () => {
  it('is YAML, JSON, or YAML that begins like JSON', async () => {
    await using rig = await openRig()
    const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  k: "1"\n'
    assert.equal((await rig.patch('a?fieldManager=m', 'apply', yaml)).code, 201)
    const flow = '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: "2"}}'
    const { code, body } = await rig.patch('a?fieldManager=m', 'apply', flow)
    assert.deepEqual([code, body.data], [200, { k: '2' }])
    for (const bad of ['{', 'a: [', '- x', '"text"', '7', '\t'])
      assert.equal((await rig.patch('a?fieldManager=m', 'apply', bad)).code, 400, bad)
  })

  it('tells of fields that stand twice, or refuses them', async () => {
    await using rig = await openRig()
    const twice =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"},"data":{"k":"1","k":"2"}}'
    const told = await rig.patch('a?fieldManager=m', 'apply', twice)
    assert.equal(told.warning, '299 - "line 1: key \\"k\\" already set in map"')
    assert.deepEqual(told.body.data, { k: '2' })
    const strict = await rig.patch('a?fieldManager=m&fieldValidation=Strict', 'apply', twice)
    assert.match(strict.body.message ?? '', /^error strict decoding YAML: /)
    const ignored = await rig.patch('a?fieldManager=m&fieldValidation=Ignore', 'apply', twice)
    assert.deepEqual([ignored.code, ignored.warning], [200, null])
  })

  it('makes nothing for who may only patch', async () => {
    await using rig = await openRig((_, attributes) =>
      attributes.verb === 'create' ? { allowed: false, reason: 'no' } : { allowed: true },
    )
    const { code, body } = await rig.patch('a?fieldManager=m', 'apply', map('a', {}))
    assert.equal(code, 403)
    assert.match(body.message ?? '', /^configmaps is forbidden|^configmaps "a" is forbidden/)
    assert.equal(await rig.state.get(configMapKind, { namespace: 'default', name: 'a' }), undefined)
  })

  it('survives hostile bodies', async () => {
    await using rig = await openRig()
    const deep = `{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}`
    const aliases =
      'a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: &d [*c,*c]\ne: &e [*d,*d]\nf: &f [*e,*e]\ng: &g [*f,*f]\nh: [*g,*g]\n'
    const polluting =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","__proto__":{"x":1}},"__proto__":{"y":1}}'
    for (const body of [deep, aliases, polluting, '\u0000', '{"metadata":7}', '{"kind":{}}'])
      for (const type of ['apply', 'merge', 'json'] as const) {
        const { code } = await rig.patch('a?fieldManager=m', type, body)
        assert.ok([400, 404, 500].includes(code), `${type} ${body.slice(0, 40)}: ${code}`)
      }
    assert.equal(({} as Record<string, unknown>)['y'], undefined)
  })
})
