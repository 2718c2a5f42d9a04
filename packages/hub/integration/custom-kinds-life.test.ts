import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { valueAt } from '@skerry/api/kind'
import { type Definition, plainDefinition } from './custom-kinds-definitions.ts'
import {
  applicationDefinition,
  certificateDefinition,
  largeDefinition,
} from './custom-kinds-real.ts'
import { type CustomKindsRig, openCustomKindsRig } from './custom-kinds-rig.ts'

// The life of kinds that users bring, from their definition to their end, over HTTP.
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const mergePatch = 'application/merge-patch+json'

type Answer = {
  readonly code: number
  readonly body: Record<string, unknown>
  readonly warning: string | null
}
type Sent = { readonly body?: unknown; readonly type?: string; readonly accept?: string }

describe('kinds that users bring', () => {
  let rig: CustomKindsRig

  before(async () => {
    rig = await openCustomKindsRig()
  })
  after(() => rig[Symbol.asyncDispose]())

  const send = async (method: string, path: string, sent: Sent = {}): Promise<Answer> => {
    const { body, type = 'application/json', accept = 'application/json' } = sent
    const answer = await fetch(`${rig.server}${path}`, {
      method,
      headers: { 'content-type': type, accept },
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(method === 'POST' ? typed(path, body) : body) }),
    })
    return {
      code: answer.status,
      body: JSON.parse(await answer.text()) as Record<string, unknown>,
      warning: answer.headers.get('warning'),
    }
  }
  const good = async (method: string, path: string, sent: Sent = {}) => {
    const answer = await send(method, path, sent)
    assert.ok(answer.code < 300, `${method} ${path}: ${JSON.stringify(answer.body).slice(0, 600)}`)
    return answer.body
  }
  const until = async (what: string, isTrue: () => Promise<boolean>): Promise<void> => {
    for (let tries = 0; !(await isTrue()); tries += 1) {
      assert.ok(tries < 100, `never: ${what}`)
      await sleep(50)
    }
  }
  const condition = async (name: string, type: string): Promise<unknown> => {
    const { body } = await send('GET', `${definitions}/${name}`)
    const all = (valueAt(body, 'status.conditions') ?? []) as { type: string; status: string }[]
    return all.find((each) => each.type === type)?.status
  }
  const define = async (definition: object): Promise<string> => {
    const body = await good('POST', definitions, { body: definition })
    const name = String(valueAt(body, 'metadata.name'))
    await until('established', async () => (await condition(name, 'Established')) === 'True')
    return name
  }
  const gone = (path: string) =>
    until(`${path} is gone`, async () => (await send('GET', path)).code === 404)
  const things = (plural: string, version = 'v1') =>
    `/apis/t.io/${version}/namespaces/default/${plural}`
  const thing = (name: string, spec: object = {}, more: object = {}) => ({
    metadata: { name, ...more },
    spec,
  })
  const withVersion = (definition: Definition, name: string, more: object): Definition => {
    const [first] = definition.spec.versions
    definition.spec.versions.push({ ...structuredClone(first!), storage: false, name, ...more })
    return definition
  }

  it('are served the moment that they are established, and told in discovery and OpenAPI', async () => {
    await define(certificateDefinition)
    const path = '/apis/cert.test.io/v1/namespaces/default/certificates'
    await good('GET', path)
    const group = await good('GET', '/apis/cert.test.io/v1')
    const resources = group['resources'] as { name: string; categories?: string[] }[]
    assert.deepEqual(
      resources.map(({ name }) => name),
      ['certificates', 'certificates/status'],
    )
    assert.deepEqual(resources[0]?.categories, ['cert'])
    const api = await good('GET', '/openapi/v3/apis/cert.test.io/v1')
    const schemas = valueAt(api, 'components.schemas') as Record<string, object>
    const schema = schemas['io.test.cert.v1.Certificate'] as Record<string, unknown>
    assert.deepEqual(schema['x-kubernetes-group-version-kind'], [
      { group: 'cert.test.io', version: 'v1', kind: 'Certificate' },
    ])
  })

  it('keep the rules and columns that definitions from the field have', async () => {
    const path = '/apis/cert.test.io/v1/namespaces/default/certificates'
    const spec = {
      secretName: 's',
      issuerRef: { name: 'ca' },
      duration: '24h',
      renewBefore: '8h',
      dnsNames: ['*.shop.example', 'shop.example'],
      listeners: [
        { name: 'a', port: 80, hostname: 'x' },
        { name: 'b', port: 80 },
      ],
    }
    const made = await good('POST', path, { body: thing('web', spec) })
    assert.deepEqual(valueAt(made, 'spec.privateKey'), { algorithm: 'RSA' })
    assert.equal(valueAt(made, 'spec.issuerRef.kind'), 'Issuer')
    const refused = async (more: object): Promise<string> => {
      const { code, body } = await send('POST', `${path}?dryRun=All`, {
        body: thing('other', { ...spec, ...more }),
      })
      assert.equal(code, 422)
      return String(body['message'])
    }
    assert.match(
      await refused({ renewBefore: '48h' }),
      /renewBefore 48h must be less than duration 24h/,
    )
    assert.match(await refused({ privateKey: { algorithm: 'ECDSA', size: 2048 } }), /size must fit/)
    assert.match(await refused({ dnsNames: ['a b'] }), /dnsNames must be names/)
    assert.match(
      await refused({ listeners: [1, 2].map((n) => ({ name: `l${n}`, port: 80 })) }),
      /Combination of port and hostname/,
    )
    const changed = await send('PATCH', `${path}/web`, {
      type: mergePatch,
      body: { spec: { secretName: 'other' } },
    })
    assert.match(String(changed.body['message']), /secretName is immutable/)
    const status = { status: { conditions: [{ type: 'Ready', status: 'True' }] } }
    const updated = await good('PATCH', `${path}/web/status`, { type: mergePatch, body: status })
    assert.equal(valueAt(updated, 'metadata.generation'), 1)
    const table = await good('GET', path, {
      accept: 'application/json;as=Table;g=meta.k8s.io;v=v1',
    })
    const rows = table['rows'] as { cells: unknown[] }[]
    assert.deepEqual(rows[0]?.cells.slice(0, 3), ['web', 'True', 's'])
    const selected = await good('GET', `${path}?fieldSelector=spec.issuerRef.name%3Dnobody`)
    assert.deepEqual(selected['items'], [])
  })

  it('take whatever values a definition leaves open, and no strategic patch', async () => {
    await define(applicationDefinition)
    const path = '/apis/argoproj.test.io/v1alpha1/namespaces/default/applications'
    const source = {
      repoURL: 'https://git.example/x',
      helm: { valuesObject: { replicas: 3, nested: { any: [1, null, { x: 'y' }] } } },
    }
    const spec = { project: 'default', destination: { namespace: 'shop' }, source, unknown: 1 }
    const { body, warning } = await send('POST', path, { body: thing('shop', spec) })
    assert.deepEqual(valueAt(body, 'spec.source'), source)
    assert.match(warning ?? '', /unknown field \\"spec\.unknown\\"/)
    const strict = await send('POST', `${path}?fieldValidation=Strict`, { body: thing('b', spec) })
    assert.equal(strict.code, 400)
    const strategic = await send('PATCH', `${path}/shop`, {
      type: 'application/strategic-merge-patch+json',
      body: {},
    })
    assert.equal(strategic.code, 415)
    const status = { status: { sync: { status: 'Synced' } } }
    const updated = await good('PATCH', `${path}/shop`, { type: mergePatch, body: status })
    // Without a status subresource all of it is counted.
    assert.equal(valueAt(updated, 'metadata.generation'), 2)
  })

  it('may have half a megabyte of schema', async () => {
    await define(largeDefinition())
    const path = '/apis/large.test.io/v1/namespaces/default/templates'
    const made = await good('POST', path, { body: thing('a', { part1: { field1: 'x' } }) })
    assert.equal(valueAt(made, 'spec.part1.field1'), 'x')
    const wrong = await send('POST', path, { body: thing('b', { part1: { field1: 1 } }) })
    assert.match(
      String(wrong.body['message']),
      /spec\.part1\.field1 in body must be of type string/,
    )
  })

  it('have one set of objects in several versions, each with its own defaults', async () => {
    const definition = plainDefinition('gears', 'Gear', { properties: { a: { type: 'string' } } })
    const schema = {
      openAPIV3Schema: {
        type: 'object',
        properties: {
          spec: {
            type: 'object',
            properties: { a: { type: 'string' }, b: { type: 'string', default: 'beta' } },
          },
        },
      },
    }
    await define(withVersion(definition, 'v1beta1', { schema, deprecated: true }))
    await good('POST', things('gears'), { body: thing('g', { a: 'x' }) })
    const { body, warning } = await send('GET', `${things('gears', 'v1beta1')}/g`)
    assert.deepEqual([body['apiVersion'], body['spec']], ['t.io/v1beta1', { a: 'x', b: 'beta' }])
    assert.match(warning ?? '', /t\.io\/v1beta1 Gear is deprecated/)
    const items = (await good('GET', things('gears', 'v1beta1')))['items'] as object[]
    assert.deepEqual(
      items.map((item) => valueAt(item, 'spec.b')),
      ['beta'],
    )
    const group = await good('GET', '/apis/t.io')
    assert.equal(valueAt(group, 'preferredVersion.version'), 'v1')
    await good('PATCH', `${things('gears', 'v1beta1')}/g`, {
      type: mergePatch,
      body: { spec: { a: 'y' } },
    })
    const kept = await good('GET', `${things('gears')}/g`)
    assert.deepEqual([kept['apiVersion'], valueAt(kept, 'spec.a')], ['t.io/v1', 'y'])
    const list = await good('GET', `${definitions}/gears.t.io`)
    const versions = valueAt(list, 'spec.versions') as { name: string; storage: boolean }[]
    for (const each of versions) each.storage = each.name === 'v1beta1'
    const swapped = await good('PUT', `${definitions}/gears.t.io`, { body: list })
    assert.deepEqual(valueAt(swapped, 'status.storedVersions'), ['v1', 'v1beta1'])
    await until(
      'read as before',
      async () => (await good('GET', `${things('gears')}/g`))['apiVersion'] === 't.io/v1',
    )
  })

  it('change with their definition within a second', async () => {
    const name = await define(plainDefinition('dials', 'Dial'))
    const before = await good('POST', things('dials'), { body: thing('d', { a: 'x' }) })
    assert.deepEqual(before['spec'], {})
    const schema = {
      type: 'object',
      properties: {
        spec: { type: 'object', properties: { a: { type: 'string', default: 'new' } } },
      },
    }
    const current = await good('GET', `${definitions}/${name}`)
    const versions = valueAt(current, 'spec.versions') as { schema: object }[]
    versions[0]!.schema = { openAPIV3Schema: schema }
    await good('PUT', `${definitions}/${name}`, { body: current })
    await sleep(1_000)
    const after = await good('POST', things('dials'), { body: thing('e', { a: 'x' }) })
    assert.deepEqual(after['spec'], { a: 'x' })
    // What was kept before has the new default when it is read.
    const old = await good('GET', `${things('dials')}/d`)
    assert.deepEqual(old['spec'], { a: 'new' })
  })

  it('scale', async () => {
    const definition = plainDefinition('pools', 'Pool', {
      properties: { n: { type: 'integer', minimum: 0 }, l: { type: 'string' } },
    })
    Object.assign(definition.spec.versions[0]!, {
      subresources: {
        status: {},
        scale: {
          specReplicasPath: '.spec.n',
          statusReplicasPath: '.status.n',
          labelSelectorPath: '.spec.l',
        },
      },
    })
    await define(definition)
    await good('POST', things('pools'), { body: thing('p', { n: 2, l: 'a=b' }) })
    const scale = await good('GET', `${things('pools')}/p/scale`)
    assert.deepEqual(
      [scale['kind'], scale['spec'], valueAt(scale, 'status.selector')],
      ['Scale', { replicas: 2 }, 'a=b'],
    )
    const patched = await good('PATCH', `${things('pools')}/p/scale`, {
      type: mergePatch,
      body: { spec: { replicas: 5 } },
    })
    assert.deepEqual(patched['spec'], { replicas: 5 })
    await good('PUT', `${things('pools')}/p/scale`, { body: { ...patched, spec: { replicas: 7 } } })
    assert.equal(valueAt(await good('GET', `${things('pools')}/p`), 'spec.n'), 7)
    const stale = await send('PUT', `${things('pools')}/p/scale`, { body: scale })
    assert.equal(stale.code, 409)
    const negative = await send('PATCH', `${things('pools')}/p/scale`, {
      type: mergePatch,
      body: { spec: { replicas: -1 } },
    })
    assert.equal(negative.code, 422)
    assert.equal((await send('GET', `${things('dials')}/e/scale`)).code, 404)
  })

  it('do not take names that another has, and get them when they are free', async () => {
    await define(plainDefinition('clocks', 'Clock'))
    await good('POST', definitions, { body: plainDefinition('watches', 'Clock') })
    await until(
      'refused',
      async () => (await condition('watches.t.io', 'NamesAccepted')) === 'False',
    )
    assert.equal((await send('GET', things('watches'))).code, 404)
    await good('DELETE', `${definitions}/clocks.t.io`)
    await until('accepted', async () => (await condition('watches.t.io', 'Established')) === 'True')
    await good('GET', things('watches'))
  })

  it('go with their objects, and wait for those that are held', async () => {
    const name = await define(plainDefinition('lamps', 'Lamp'))
    await good('POST', things('lamps'), { body: thing('free') })
    await good('POST', things('lamps'), { body: thing('held', {}, { finalizers: ['t.io/hold'] }) })
    const watching = fetch(`${rig.server}${things('lamps')}?watch=true`)
    const watch = (await watching).text()
    await good('DELETE', `${definitions}/${name}`)
    await until('terminating', async () => (await condition(name, 'Terminating')) === 'True')
    await gone(`${things('lamps')}/free`)
    const late = await send('POST', things('lamps'), { body: thing('late') })
    assert.equal(late.code, 403)
    assert.match(
      String(late.body['message']),
      /create not allowed while custom resource definition is terminating/,
    )
    await good('PATCH', `${things('lamps')}/held`, {
      type: mergePatch,
      body: { metadata: { finalizers: null } },
    })
    await gone(`${definitions}/${name}`)
    await gone(things('lamps'))
    const events = (await watch)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; object: { metadata: { name: string } } })
    const told = (called: string): string =>
      events
        .filter(({ object }) => object.metadata.name === called)
        .map(({ type }) => type)
        .join(' ')
    assert.equal(told('free'), 'ADDED DELETED')
    assert.match(told('held'), /^ADDED MODIFIED (MODIFIED )?DELETED$/)
  })

  it('go with their namespace and with their owners', async () => {
    await define(plainDefinition('seeds', 'Seed'))
    await good('POST', '/api/v1/namespaces', { body: { metadata: { name: 'field' } } })
    const path = '/apis/t.io/v1/namespaces/field/seeds'
    await good('POST', path, { body: thing('held', {}, { finalizers: ['t.io/hold'] }) })
    await until('kept', async () =>
      JSON.stringify(valueAt(await good('GET', '/api/v1/namespaces/field'), 'spec')).includes(
        'kubernetes',
      ),
    )
    await good('DELETE', '/api/v1/namespaces/field')
    await until('told', async () =>
      JSON.stringify(await good('GET', '/api/v1/namespaces/field')).includes(
        't.io/hold in 1 resource instances',
      ),
    )
    await good('PATCH', `${path}/held`, {
      type: mergePatch,
      body: { metadata: { finalizers: null } },
    })
    await gone('/api/v1/namespaces/field')
    const owner = await good('POST', things('seeds'), { body: thing('tree') })
    const ownerReferences = [
      { apiVersion: 't.io/v1', kind: 'Seed', name: 'tree', uid: valueAt(owner, 'metadata.uid') },
    ]
    await good('POST', things('seeds'), { body: thing('apple', {}, { ownerReferences }) })
    await good('DELETE', `${things('seeds')}/tree`)
    await gone(`${things('seeds')}/apple`)
  })

  it('cannot hold up others by a rule that never ends', async () => {
    const numbers = { type: 'array', items: { type: 'integer' } }
    const rule = 'self.l.all(a, self.l.all(b, self.l.all(c, self.l.all(d, a + b + c + d >= 0))))'
    await define(
      plainDefinition('loops', 'Loop', {
        properties: { l: numbers },
        'x-kubernetes-validations': [{ rule }],
      }),
    )
    const l = Array.from({ length: 1_000 }, (_, index) => index)
    const [refused] = await Promise.all([
      send('POST', things('loops'), { body: thing('x', { l }) }),
      good('GET', things('seeds')),
    ])
    assert.equal(refused.code, 422)
    assert.match(String(refused.body['message']), /actual cost limit exceeded/)
  })
})

/** An object with the type that its path says: all kinds here have plain plurals. */
function typed(path: string, body: unknown): object {
  const [, root, ...rest] = path.split('?')[0]!.split('/')
  const apiVersion = root === 'api' ? rest[0] : rest.slice(0, 2).join('/')
  const [first = '', ...letters] = rest.at(-1)!.slice(0, -1)
  return { apiVersion, kind: `${first.toUpperCase()}${letters.join('')}`, ...(body as object) }
}
