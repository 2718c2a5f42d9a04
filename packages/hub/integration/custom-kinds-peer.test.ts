import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPlainObject } from '@skerry/base/json'
import { openPeer, peerProblem } from '../conformance/peer.ts'
import { type Client, openClient } from '../conformance/send.ts'
import { type Change, definitionCases, plainDefinition } from './custom-kinds-definitions.ts'
import { ruledSpec, ruledSpecs, widgetSpec, widgetSpecs } from './custom-kinds-objects.ts'
import { openCustomKindsRig } from './custom-kinds-rig.ts'

// Every definition and every object goes to a kube-apiserver and to a hub, and both must say the same.
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

type Said = { readonly code: number; readonly [part: string]: unknown }

const missing = peerProblem()

describe('kinds that users bring, here and at a kube-apiserver', { skip: missing ?? false }, () => {
  const stack = new AsyncDisposableStack()
  let clients: Client[] = []

  const send = async (client: Client, method: string, path: string, body: string) =>
    client.send({
      method,
      path,
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      ...(body === '' ? {} : { body: new TextEncoder().encode(body) }),
    })
  const same = async (
    method: string,
    path: string,
    body: string,
    view: (said: Said) => Said = (said) => said,
  ): Promise<void> => {
    const [theirs, ours] = await Promise.all(
      clients.map(async (client) => view(saidOf(await send(client, method, path, body)))),
    )
    assert.deepEqual(ours, theirs)
  }
  const define = async (plural: string, kind: string, spec: object): Promise<void> => {
    const path = `/apis/t.io/v1/namespaces/default/${plural}`
    for (const client of clients) {
      const definition = plainDefinition(plural, kind, spec as Record<string, unknown>)
      await send(client, 'DELETE', `${definitions}/${plural}.t.io`, '')
      const make = () => send(client, 'POST', definitions, JSON.stringify(definition))
      // One of an earlier run takes a while to go.
      let made = await make()
      for (let tries = 0; made.code === 409 && tries < 150; tries += 1) {
        await sleep(100)
        made = await make()
      }
      assert.equal(made.code, 201, JSON.stringify(made.body))
      for (let tries = 0; (await send(client, 'GET', path, '')).code !== 200; tries += 1) {
        assert.ok(tries < 100, `${client.label} does not serve ${path}`)
        await sleep(100)
      }
    }
  }

  before(async () => {
    const peer = stack.use(await openPeer())
    const rig = stack.use(await openCustomKindsRig())
    const targets = [peer.target, { label: 'hub', url: rig.server }]
    clients = targets.map((target) => stack.use(openClient(target)))
    await define('widgets', 'Widget', widgetSpec)
    await define('ruleds', 'Ruled', ruledSpec)
  })
  after(() => stack.disposeAsync())

  describe('a definition that', () => {
    for (const [title, change] of Object.entries<Change>(definitionCases))
      it(title, async () => {
        const definition = plainDefinition('things', 'Thing')
        change(definition)
        await same('POST', `${definitions}?dryRun=All`, JSON.stringify(definition))
      })
  })

  const objectsOf = (plural: string, kind: string) => (spec: string) => {
    const object = `{"apiVersion":"t.io/v1","kind":"${kind}","metadata":{"name":"a"},"spec":${spec}}`
    return same('POST', `/apis/t.io/v1/namespaces/default/${plural}?dryRun=All`, object)
  }
  describe('an object with the spec', () => {
    for (const spec of widgetSpecs) it(spec, () => objectsOf('widgets', 'Widget')(spec))
  })
  describe('an object with rules and the spec', () => {
    for (const spec of ruledSpecs.map((each) => JSON.stringify(each)))
      it(spec.slice(0, 60), () => objectsOf('ruleds', 'Ruled')(spec))
  })
})

/** What clients look at, in an order that is the same for both: Kubernetes tells problems in any. */
function saidOf(answer: Awaited<ReturnType<Client['send']>>): Said {
  const { code, headers, body } = answer
  const warning = (headers['warning'] ?? '')
    .split(', 299')
    .map((each) => each.replace(/^299/, ''))
    .toSorted()
  if (!isPlainObject(body)) return { code, body, warning }
  const { details, message } = body
  if (code >= 400) {
    const causes =
      isPlainObject(details) && Array.isArray(details['causes']) ? details['causes'] : []
    return {
      code,
      warning,
      causes: causes.map((cause) => JSON.stringify(sorted(cause))).toSorted(),
      reason: body['reason'],
      ...(causes.length > 1 ? {} : { message }),
    }
  }
  return { code, warning, spec: body['spec'], status: body['status'] }
}

const sorted = (value: unknown): unknown =>
  isPlainObject(value)
    ? Object.fromEntries(
        Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)),
      )
    : value
