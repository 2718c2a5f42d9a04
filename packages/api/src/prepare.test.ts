import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseJson } from '@skerry/base/json'
import { configMapKind, namespaceKind } from './kinds/core.ts'
import { siteKind } from './kinds/site.ts'
import type { KubeObject, StoredObject } from './object.ts'
import {
  admissionProblems,
  isFinished,
  prepareCreate,
  prepareDelete,
  prepareUpdate,
} from './prepare.ts'
import type { NewObject } from './state.ts'
import { isApiError } from './status.ts'

const context = { nowMs: Date.parse('2026-11-21T12:00:00.750Z'), uid: 'u-1', suffix: 'abcde' }
const now = { nowMs: context.nowMs + 60_000 }
const newSite = (more: object = {}, meta: object = {}): NewObject => ({
  metadata: { name: 'oslo', namespace: 'default', ...meta },
  ...more,
})
const stored = (more: object = {}, meta: object = {}): StoredObject => {
  const created = prepareCreate(siteKind, newSite(more, meta), context)
  created.metadata.resourceVersion = '5'
  return created
}
const edited = (object: StoredObject, change: (copy: KubeObject) => void): KubeObject => {
  const copy = structuredClone(object) as KubeObject
  change(copy)
  return copy
}
const messageOf = (
  action: () => unknown,
  reason: 'Invalid' | 'Conflict' | 'BadRequest',
): string => {
  try {
    action()
  } catch (thrown) {
    assert.ok(isApiError(thrown, reason), String(thrown))
    return thrown.message
  }
  return assert.fail(`expected ${reason}`)
}

describe('prepareCreate', () => {
  it('sets what the server sets, whatever was sent', () => {
    const input = newSite(
      { apiVersion: 'v9', kind: 'Other', status: { health: 'Healthy' } },
      {
        uid: 'mine',
        resourceVersion: '99',
        generation: 7,
        creationTimestamp: 'x',
        deletionTimestamp: 'x',
      },
    )
    const before = structuredClone(input)
    const created = prepareCreate(siteKind, input, context)
    assert.deepEqual(input, before, 'the input is not touched')
    assert.equal(created.apiVersion, 'skerry.dev/v1alpha1')
    assert.equal(created.kind, 'Site')
    assert.deepEqual(created.metadata, {
      name: 'oslo',
      namespace: 'default',
      uid: 'u-1',
      resourceVersion: '',
      generation: 1,
      creationTimestamp: '2026-11-21T12:00:00Z',
    })
    assert.equal((created['status'] as { health?: string }).health, undefined)
    assert.deepEqual(created['spec'], {
      timeZone: 'UTC',
      variables: {},
      telemetry: { intervalSeconds: 60 },
    })
  })
  it('makes names that are not too long', () => {
    const long = newSite({}, { name: '', generateName: 'x'.repeat(200) })
    assert.equal(prepareCreate(siteKind, long, context).metadata.name, `${'x'.repeat(58)}abcde`)
  })
  it('reports every problem with its path', () => {
    const bad = newSite(
      { spec: { timeZone: 7, location: { latitude: 91 } } },
      {
        name: 'Bad_Name',
        namespace: 'a.b',
        labels: { 'a/b/c': 'x', ok: '-bad-' },
        annotations: { '/': '' },
      },
    )
    const message = messageOf(() => prepareCreate(siteKind, bad, context), 'Invalid')
    for (const path of [
      'spec.timeZone',
      'spec.location.latitude',
      'spec.location.longitude',
      'metadata.name',
      'metadata.namespace',
      'metadata.labels',
      'metadata.annotations',
    ])
      assert.ok(message.includes(`${path}: `), `${path} in ${message}`)
  })
  it('asks for a namespace where there must be one, and for none where there must not', () => {
    assert.match(
      messageOf(() => prepareCreate(siteKind, { metadata: { name: 'a' } }, context), 'Invalid'),
      /metadata\.namespace: Required value$/,
    )
    const inside = { metadata: { name: 'a', namespace: 'default' } }
    assert.match(
      messageOf(() => prepareCreate(namespaceKind, inside, context), 'Invalid'),
      /metadata\.namespace: Forbidden/,
    )
  })
  it('survives metadata of wrong types', () => {
    for (const metadata of [
      { name: 7, namespace: 'default' },
      { name: ['a'], namespace: 'default' },
      { name: 'a', namespace: {} },
      { name: 'a', namespace: 'default', labels: 'x' },
      { name: 'a', namespace: 'default', labels: { a: 1 } },
      { name: 'a', namespace: 'default', finalizers: [1] },
      { name: 'a', namespace: 'default', ownerReferences: [{}] },
    ])
      messageOf(() => prepareCreate(siteKind, { metadata } as never, context), 'Invalid')
  })
  it('takes no event as an owner, since nobody watches over events', () => {
    const owner = { apiVersion: 'v1', kind: 'Event', name: 'e', uid: 'u-2' }
    const message = messageOf(
      () => prepareCreate(siteKind, newSite({}, { ownerReferences: [owner] }), context),
      'Invalid',
    )
    assert.match(message, /ownerReferences: Invalid value: \{.*\}: \/v1, Kind=Event is disallowed/)
  })
  it('keeps keys of the prototype as data', () => {
    const input = parseJson(
      '{"metadata":{"name":"a","namespace":"default"},"data":{"__proto__":"1"}}',
    )
    const created = prepareCreate(configMapKind, input as NewObject, context)
    assert.equal(JSON.stringify(created['data']), '{"__proto__":"1"}')
  })
})

describe('prepareUpdate', () => {
  it('answers the stored object itself when nothing changes', () => {
    const before = stored()
    assert.equal(
      prepareUpdate(
        siteKind,
        before,
        edited(before, () => {}),
        now,
      ),
      before,
    )
    const withoutDefaults = { ...newSite(), apiVersion: 'x', kind: 'y' } as KubeObject
    assert.equal(prepareUpdate(siteKind, before, withoutDefaults, now), before)
  })
  it('counts generations for the spec alone', () => {
    const before = stored()
    const spec = edited(before, (copy) => (copy['spec'] = { timeZone: 'Europe/Oslo' }))
    assert.equal(prepareUpdate(siteKind, before, spec, now).metadata.generation, 2)
    const labels = edited(before, (copy) => (copy.metadata.labels = { a: 'b' }))
    assert.equal(prepareUpdate(siteKind, before, labels, now).metadata.generation, 1)
  })
  it('keeps identity', () => {
    const before = stored()
    const changed = edited(before, (copy) => {
      copy.metadata.name = 'other'
      copy.metadata.namespace = 'other'
      copy.metadata.creationTimestamp = '2000-01-01T00:00:00Z'
      copy.metadata.labels = { a: 'b' }
    })
    const { name, namespace, creationTimestamp } = prepareUpdate(
      siteKind,
      before,
      changed,
      now,
    ).metadata
    assert.deepEqual(
      [name, namespace, creationTimestamp],
      ['oslo', 'default', before.metadata.creationTimestamp],
    )
  })
  it('refuses another version and another uid', () => {
    const before = stored()
    const stale = edited(before, (copy) => (copy.metadata.resourceVersion = '4'))
    assert.match(
      messageOf(() => prepareUpdate(siteKind, before, stale, now), 'Conflict'),
      /has been modified/,
    )
    const other = edited(before, (copy) => (copy.metadata.uid = 'u-2'))
    assert.match(
      messageOf(() => prepareUpdate(siteKind, before, other, now), 'Conflict'),
      /Precondition failed: UID/,
    )
  })
  it('writes status alone, or all but status', () => {
    const before = stored()
    const both = edited(before, (copy) => {
      copy['status'] = { health: 'Healthy' }
      copy['spec'] = { timeZone: 'Europe/Oslo' }
    })
    const status = prepareUpdate(siteKind, before, both, { ...now, subresource: 'status' })
    assert.deepEqual(status['status'], { health: 'Healthy' })
    assert.deepEqual(status['spec'], before['spec'])
    const main = prepareUpdate(siteKind, before, both, now)
    assert.deepEqual(main['status'], before['status'])
  })
  it('cannot undo a deletion', () => {
    const before = {
      ...stored(),
      metadata: {
        ...stored().metadata,
        deletionTimestamp: '2026-11-21T12:00:00Z',
        finalizers: ['x/y'],
      },
    }
    const without = edited(before, (copy) => {
      delete copy.metadata.deletionTimestamp
      copy.metadata.finalizers = []
    })
    const after = prepareUpdate(siteKind, before, without, now)
    assert.equal(after.metadata.deletionTimestamp, '2026-11-21T12:00:00Z')
    assert.ok(isFinished(after))
  })
})

describe('prepareDelete', () => {
  const nowMs = context.nowMs
  it('removes what nobody holds, and marks what somebody does', () => {
    assert.deepEqual(prepareDelete(siteKind, stored(), {}, nowMs), { remove: true })
    const held = stored({}, { finalizers: ['x/y'] })
    const marked = prepareDelete(siteKind, held, {}, nowMs)
    assert.ok(!marked.remove)
    assert.equal(marked.object.metadata.deletionTimestamp, '2026-11-21T12:00:00Z')
    const again = prepareDelete(
      siteKind,
      marked.object,
      { propagationPolicy: 'Foreground' },
      nowMs + 5000,
    )
    assert.ok(!again.remove)
    assert.equal(again.object, marked.object, 'asking again changes nothing')
  })
  it('holds for the garbage collector', () => {
    for (const [propagationPolicy, finalizer] of [
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ] as const) {
      const marked = prepareDelete(siteKind, stored(), { propagationPolicy }, nowMs)
      assert.ok(!marked.remove)
      assert.deepEqual(marked.object.metadata.finalizers, [finalizer])
    }
  })
  it('keeps preconditions', () => {
    const wrong = [{ uid: 'u-2' }, { resourceVersion: '4' }]
    for (const preconditions of wrong)
      messageOf(() => prepareDelete(siteKind, stored(), { preconditions }, nowMs), 'Conflict')
    const right = { uid: 'u-1', resourceVersion: '5' }
    assert.ok(prepareDelete(siteKind, stored(), { preconditions: right }, nowMs).remove)
  })
})

describe('admissionProblems', () => {
  it('runs the rules of the kind only on what has its shape', () => {
    const shapeless = { ...stored(), spec: 'text' }
    const paths = admissionProblems(siteKind, shapeless).map(({ path }) => path)
    assert.deepEqual(paths, ['spec'])
  })
})
