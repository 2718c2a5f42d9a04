import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import type { AnyKind } from '../kind.ts'
import { configMapKind, eventKind, leaseKind, namespaceKind, secretKind } from '../kinds/core.ts'
import { roleBindingKind } from '../kinds/rbac.ts'
import type { KubeObject } from '../object.ts'
import { prepareCreate } from '../prepare.ts'
import type { NewObject } from '../state.ts'
import { compareObjects, writtenFields } from './compare-objects.ts'
import { differenceOf, intersectionOf } from './field-set.ts'
import { fieldTypeOf } from './field-type.ts'
import { type ManagedFieldsEntry, readManaged } from './managed.ts'
import { unmanaged, withoutNobodysFields } from './own-fields.ts'
import { frozen, randomConfig } from './testing/random-thing.ts'
import { thingKind } from './testing/thing-kind.ts'
import { trackUpdate } from './track-update.ts'

const startMs = Date.parse('2026-11-21T12:00:00Z')
const type = fieldTypeOf(thingKind)

const writer = (manager: string, seconds = 0, subresource = '') => ({
  manager,
  subresource,
  nowMs: startMs + seconds * 1000,
})
const withEntries = (object: object, entries: readonly ManagedFieldsEntry[] | undefined) =>
  frozen({
    ...object,
    metadata: { ...(object as KubeObject).metadata, managedFields: entries },
  }) as unknown as KubeObject

describe('trackUpdate, for many things', () => {
  it('gives what changed to the writer alone, and what is gone to nobody', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const random = seededRandom(seed)
      const first = randomConfig(random, 'abcd')
      const before = withEntries(
        first,
        trackUpdate(thingKind, undefined, first as unknown as KubeObject, writer('x')),
      )
      const next = randomConfig(random, 'bcde', random.next() < 0.5 ? 'v' : 'w')
      const after = withEntries(next, before.metadata.managedFields as never)
      const managed = readManaged(trackUpdate(thingKind, before, after, writer('y', 60)))!
      const change = compareObjects(type, unmanaged(before), unmanaged(after))
      const written = withoutNobodysFields(writtenFields(change))
      for (const { manager, fields } of managed.values()) {
        assert.equal(intersectionOf(fields, change.removed).size, 0, `seed ${seed}`)
        const left =
          manager === 'y' ? differenceOf(written, fields) : intersectionOf(fields, written)
        assert.equal(left.size, 0, `seed ${seed} ${manager}`)
      }
    }
  })

  it('never throws on managers that are none, and then keeps the stored ones', () => {
    const before = withEntries(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', uid: 'u' }, data: { x: '1' } },
      [
        {
          manager: 'a',
          operation: 'Update',
          apiVersion: 'v1',
          time: '2026-11-21T12:00:00Z',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:data': { '.': {}, 'f:x': {} } },
        },
      ],
    )
    const good = before.metadata.managedFields![0]!
    const bad: unknown[] = [
      7,
      'x',
      {},
      [7],
      [null],
      [[]],
      [{ ...good, operation: 'Zap' }],
      [{ ...good, apiVersion: '' }],
      [{ ...good, fieldsType: 'FieldsV2' }],
      [{ ...good, time: 'yesterday' }],
      [{ ...good, manager: 7 }],
      [{ ...good, fieldsV1: { x: {} } }],
      [{ ...good, fieldsV1: 'x' }],
      undefined,
      null,
    ]
    for (const managedFields of bad) {
      const after = withEntries({ ...before, data: { x: '1', y: '2' } }, managedFields as never)
      const entries = trackUpdate(configMapKind, before, after, writer('b', 1))!
      assert.deepEqual(
        entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1]),
        [
          ['a', { 'f:data': { '.': {}, 'f:x': {} } }],
          ['b', { 'f:data': { 'f:y': {} } }],
        ],
        JSON.stringify(managedFields),
      )
    }
  })
})

describe('trackUpdate', () => {
  const map = (data: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a', namespace: 'default' },
    data,
  })
  const after = (
    object: KubeObject,
    data: object,
    [manager, seconds]: readonly [string, number],
  ): KubeObject => {
    const next = withEntries(map(data), object.metadata.managedFields as never)
    return withEntries(next, trackUpdate(configMapKind, object, next, writer(manager, seconds)))
  }
  const created = (data: object, manager: string): KubeObject =>
    withEntries(map(data), trackUpdate(configMapKind, undefined, map(data), writer(manager)))
  const told = (object: KubeObject) =>
    (object.metadata.managedFields as unknown as ManagedFieldsEntry[]).map(
      ({ manager, time }) => `${manager} ${time?.slice(14, 19)}`,
    )

  it('writes entries in the order and with the keys of a kube-apiserver', () => {
    const [entry] = trackUpdate(
      thingKind,
      map({}),
      {
        ...withEntries(map({}), [
          {
            manager: 'z',
            operation: 'Apply',
            apiVersion: 'peer.skerry.dev/v1',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:spec': {} },
          },
        ]),
        status: { phase: 'Up' },
      },
      writer('a'),
    )!
    assert.deepEqual(Object.keys(entry!), [
      'manager',
      'operation',
      'apiVersion',
      'fieldsType',
      'fieldsV1',
    ])
  })

  it('changes the time of who writes, sorts by it, and forgets who owns nothing', () => {
    const one = created({ x: '1', y: '1' }, 'b')
    const two = after(one, { x: '2', y: '1' }, ['a', 60])
    assert.deepEqual(told(two), ['b 00:00', 'a 01:00'])
    const three = after(two, { x: '2', y: '1', z: '1' }, ['b', 120])
    assert.deepEqual(told(three), ['a 01:00', 'b 02:00'])
    assert.deepEqual(told(after(three, { x: '3', y: '1', z: '1' }, ['b', 180])), ['b 03:00'])
  })

  it('merges the oldest of more than ten', () => {
    let object = created({ x: '1' }, 'm0')
    const data: Record<string, string> = { x: '1' }
    for (let n = 1; n <= 14; n += 1) {
      data[`k${n}`] = '1'
      object = after(object, { ...data }, [`m${n}`, n])
    }
    assert.deepEqual(told(object), [
      'ancient-changes 00:05',
      ...Array.from({ length: 9 }, (_, n) => `m${n + 6} 00:${String(n + 6).padStart(2, '0')}`),
    ])
  })

  it('keeps an object that nobody manages as it is', () => {
    const next = map({ x: '2' })
    assert.equal(trackUpdate(configMapKind, map({ x: '1' }), next, writer('a')), undefined)
    const managed = created({ x: '1' }, 'a')
    for (const reset of [[], [{}]]) {
      const unowned = withEntries(map({ x: '2' }), reset as never)
      assert.equal(trackUpdate(configMapKind, managed, unowned, writer('b')), undefined)
      // A request for a subresource cannot take managers away.
      assert.notEqual(
        trackUpdate(configMapKind, managed, unowned, writer('b', 0, 'status')),
        undefined,
      )
    }
  })

  it('makes one of parts that a new schema has made one', () => {
    const before = withEntries(
      {
        apiVersion: 'peer.skerry.dev/v1',
        kind: 'Thing',
        metadata: { name: 'a' },
        spec: { plain: ['x'] },
      },
      [
        {
          manager: 'a',
          operation: 'Update',
          apiVersion: 'peer.skerry.dev/v1',
          fieldsType: 'FieldsV1',
          fieldsV1: { 'f:spec': { 'f:plain': { 'v:"x"': {} }, 'f:whole': { 'f:k': {} } } },
        },
      ],
    )
    const next = withEntries(
      { ...before, spec: { plain: ['x'], text: 'y' } },
      before.metadata.managedFields as never,
    )
    const [, entry] = trackUpdate(thingKind, before, next, writer('b'))!.toReversed()
    assert.deepEqual(entry!.fieldsV1, { 'f:spec': { 'f:plain': {}, 'f:whole': {} } })
  })
})

describe('creating objects of Kubernetes own kinds', () => {
  // What a kube-apiserver answered.
  const cases: [AnyKind, object, object | undefined][] = [
    [
      eventKind,
      { involvedObject: { kind: 'Pod', name: 'x' }, reason: 'r', source: { component: 'c' } },
      { 'f:involvedObject': {}, 'f:reason': {}, 'f:source': { 'f:component': {} } },
    ],
    [leaseKind, { spec: {} }, undefined],
    [
      namespaceKind,
      { metadata: { labels: { a: 'b' } } },
      {
        'f:metadata': { 'f:labels': { '.': {}, 'f:a': {}, 'f:kubernetes.io/metadata.name': {} } },
      },
    ],
    [secretKind, { stringData: { a: 'b' } }, { 'f:data': { '.': {}, 'f:a': {} }, 'f:type': {} }],
    [
      roleBindingKind,
      { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }] },
      { 'f:roleRef': {}, 'f:subjects': {} },
    ],
  ]
  for (const [kind, body, expected] of cases)
    it(`gives a ${kind.kind} to whoever makes it, without what any has`, () => {
      const identity = { name: 'a', ...(kind.scope === 'Cluster' ? {} : { namespace: 'default' }) }
      const { metadata, ...rest } = body as { metadata?: object }
      const object = { ...rest, metadata: { ...identity, ...metadata } } as NewObject
      const options = { fieldManager: 'm' }
      const context = { nowMs: startMs, uid: 'u', suffix: 'x', options }
      const [entry] = (prepareCreate(kind, object, context).metadata.managedFields ??
        []) as unknown as ManagedFieldsEntry[]
      assert.deepEqual(entry?.fieldsV1, expected)
    })
})
