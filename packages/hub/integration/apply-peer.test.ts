import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { crdOfKind } from '@skerry/api/crd-of-kind'
import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import { fixedKinds } from '@skerry/api/kind-source'
import { configMapKind, leaseKind, namespaceKind, secretKind } from '@skerry/api/kinds/core'
import { thingKind } from '@skerry/api/managed-fields/testing/thing-kind'
import { applyMergePatch } from '@skerry/api/patch-merge'
import { canonicalJson, isPlainObject } from '@skerry/base/json'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { createMemoryState } from '@skerry/store/memory-state'
import { openPeer, peerProblem } from '../conformance/peer.ts'
import { type Client, openClient } from '../conformance/send.ts'
import { createApiServer } from '../src/api-server/api-server.ts'
import type { Sequence, Step } from './apply-sequence.ts'
import { randomSequence } from './apply-random.ts'
import { sequences } from './apply-sequences.ts'

const kindsOf: Readonly<Record<Sequence['kind'], AnyKind>> = {
  Thing: thingKind,
  ConfigMap: configMapKind,
  Secret: secretKind,
  Lease: leaseKind,
}

const contentTypes = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
} as const

type Seen = { readonly code: number; readonly body: unknown; readonly isChanged: boolean }

/** An API server of ours in this process, over memory. */
async function openHub(): Promise<AsyncDisposable & { readonly client: Client }> {
  const stack = new AsyncDisposableStack()
  const doors = { clock: systemClock, random: systemRandom }
  const state = stack.use(createMemoryState(doors))
  const kinds = [{ ...namespaceKind, subresources: [] }, ...Object.values(kindsOf)]
  const apiServer = createApiServer({
    ...doors,
    state,
    texts: state,
    kinds: fixedKinds(kinds),
    log: silentLog,
    authenticate: async () => ({ name: 'ann', groups: [] }),
    authorize: () => ({ allowed: true }),
  })
  const server = createServer((request, response) => {
    if (!apiServer.handle(request, response)) response.writeHead(404).end()
  })
  stack.defer(() => void server.close())
  stack.use(apiServer)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const client = stack.use(openClient({ label: 'hub', url: `http://127.0.0.1:${port}` }))
  return { client, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const things = (kind: AnyKind): string =>
  `/${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}/namespaces/default/${kind.plural}`

const send = (client: Client, method: string, path: string, sent: Sent = {}) =>
  client.send({
    method,
    path,
    headers: {
      'content-type': sent.type ?? 'application/json',
      'user-agent': sent.agent ?? 'peer-test/1',
      accept: 'application/json',
    },
    body: sent.body === undefined ? undefined : Buffer.from(JSON.stringify(sent.body)),
  })
type Sent = { readonly type?: string; readonly agent?: string | undefined; readonly body?: unknown }

/** What one server answers to each step. */
async function play(client: Client, { kind: kindName, steps }: Sequence, name: string) {
  const kind = kindsOf[kindName]
  const path = `${things(kind)}/${name}`
  const seen: Seen[] = []
  let version: unknown
  for (const step of steps) {
    const { code, body } = await ask(client, step, { kind, path, name })
    const at = isPlainObject(body) && isPlainObject(body['metadata']) ? body['metadata'] : {}
    const next = at['resourceVersion'] ?? version
    seen.push({ code, body: masked(body, kind), isChanged: next !== version })
    version = next
  }
  await send(client, 'PATCH', path, {
    type: contentTypes.merge,
    body: { metadata: { finalizers: null } },
  })
  await send(client, 'DELETE', path)
  return seen
}

type Place = { readonly kind: AnyKind; readonly path: string; readonly name: string }

async function ask(client: Client, step: Step, { kind, path, name }: Place) {
  const query = new URLSearchParams()
  if (step.manager !== undefined && step.manager !== '') query.set('fieldManager', step.manager)
  if (step.force) query.set('force', 'true')
  if (step.dryRun) query.set('dryRun', 'All')
  const place = `${path}${step.subresource === undefined ? '' : `/${step.subresource}`}?${query.toString()}`
  const { agent, verb } = step
  const identity = {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    metadata: { name, namespace: 'default' },
  }
  const text = JSON.stringify(step.body).replaceAll('NAME', name)
  const body: unknown = JSON.parse(text)
  if (verb === 'create') {
    const object = applyMergePatch(identity, body)
    return send(client, 'POST', `${things(kind)}?${query.toString()}`, { agent, body: object })
  }
  if (verb === 'update') {
    const current = await send(client, 'GET', path)
    return send(client, 'PUT', place, { agent, body: applyMergePatch(current.body, body) })
  }
  if (verb === 'delete') return send(client, 'DELETE', place)
  const isWhole = step.isRaw || verb !== 'apply'
  const patch = isWhole ? body : overlaid(identity, body)
  return send(client, 'PATCH', place, { agent, type: contentTypes[verb], body: patch })
}

/** A merge that keeps null, unlike a merge patch. */
function overlaid(base: unknown, over: unknown): unknown {
  if (!isPlainObject(base) || !isPlainObject(over)) return over
  const names = new Set([...Object.keys(base), ...Object.keys(over)])
  return Object.fromEntries(
    [...names].map((name) => [name, name in over ? overlaid(base[name], over[name]) : base[name]]),
  )
}

const never = new Set(['uid', 'resourceVersion', 'creationTimestamp', 'time'])

/** Without what differs from one run to the next; managed fields as text, so that their order counts. */
function masked(value: unknown, kind: AnyKind, key = ''): unknown {
  if (key === 'fieldsV1') return JSON.stringify(value)
  const isUnordered = key === 'managedFields' || key === 'causes'
  if (isUnordered && Array.isArray(value))
    return value
      .map((entry: unknown) => masked(entry, kind))
      .toSorted((one, other) => (canonicalJson(one) < canonicalJson(other) ? -1 : 1))
  if (Array.isArray(value)) return value.map((item: unknown) => masked(item, kind))
  if (!isPlainObject(value)) return value
  const isBuiltIn = kind.isBuiltIn === true
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !(isBuiltIn && name === 'generation'))
      .map(([name, member]) => [name, never.has(name) ? 'X' : masked(member, kind, name)]),
  )
}

/** A seed of one's own: `APPLY_SEED=100`. */
const firstSeed = Number(process.env['APPLY_SEED'] ?? 1)
const random = Array.from({ length: 20 }, (_, n) => randomSequence(firstSeed + n))

const refusesNull = ({ code, body }: Seen): boolean =>
  code === 422 && JSON.stringify(body).includes('in body must be of type')

const problem = peerProblem()

describe(
  'applies and updates, step by step beside a kube-apiserver',
  { skip: problem ?? false },
  () => {
    const stack = new AsyncDisposableStack()
    let peer: Client
    let hub: Client

    before(async () => {
      peer = stack.use(openClient(stack.use(await openPeer()).target))
      hub = stack.use(await openHub()).client
      await send(hub, 'POST', '/api/v1/namespaces', { body: { metadata: { name: 'default' } } })
      const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
      const defined = await send(peer, 'POST', crds, { body: crdOfKind(thingKind) })
      assert.ok([201, 409].includes(defined.code), JSON.stringify(defined.body))
      for (let tries = 0; tries < 100; tries += 1) {
        if ((await send(peer, 'GET', things(thingKind))).code === 200) return
        await sleep(100)
      }
      assert.fail('the peer does not serve the definition')
    })
    after(() => stack.disposeAsync())

    it('asks at least sixty sequences', () => assert.ok(sequences.length >= 60))
    for (const [index, sequence] of [...sequences, ...random].entries())
      it(sequence.title, async () => {
        const name = `s${index}`
        const [expected, actual] = [
          await play(peer, sequence, name),
          await play(hub, sequence, name),
        ]
        for (const [at, answer] of expected.entries()) {
          // What an apply empties Kubernetes makes null, and then refuses; from there on the two go apart.
          if (index >= sequences.length && refusesNull(answer)) return
          const told = `step ${at} of "${sequence.title}"`
          if (sequence.steps[at]?.differs === undefined) assert.deepEqual(actual[at], answer, told)
          else assert.notDeepEqual(actual[at], answer, `${told} no longer differs`)
        }
      })
  },
)
