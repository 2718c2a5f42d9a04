import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { eventKind, namespaceKind } from './kinds/core.ts'
import { kinds } from './kinds.ts'
import { siteKind } from './kinds/site.ts'
import type { StoredObject } from './object.ts'
import { columnDefinitions, humanAge, tableOf } from './table.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

describe('humanAge', () => {
  // What k8s.io/apimachinery's duration.HumanDuration answers.
  const cases: [number, string][] = [
    [-5 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [3 * minute + 12 * second, '3m12s'],
    [10 * minute + 5 * second, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [8 * hour + 59 * minute, '8h'],
    [47 * hour, '47h'],
    [2 * day + 4 * hour, '2d4h'],
    [7 * day, '7d'],
    [8 * day + 5 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [735 * day, '2y5d'],
    [8 * 365 * day, '8y'],
    [30 * 365 * day, '30y'],
  ]
  for (const [ageMs, expected] of cases) it(expected, () => assert.equal(humanAge(ageMs), expected))
})

const nowMs = Date.parse('2026-11-21T12:00:00Z')
const stored = (body: object): StoredObject => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'Site',
  metadata: {
    name: 'oslo',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '7',
    generation: 1,
    creationTimestamp: '2026-11-21T11:55:00Z',
  },
  ...body,
})

describe('tableOf', () => {
  it('has one cell for each column of the kind, the name first', () => {
    const site = stored({
      status: { connectivity: 'Online', lastSeenTime: '2026-11-21T11:59:18Z' },
    })
    const table = tableOf(siteKind, [site], {
      nowMs,
      includeObject: 'Metadata',
      resourceVersion: '9',
    })
    assert.deepEqual(table.rows[0]!.cells, [
      'oslo',
      'Online',
      null,
      null,
      null,
      '42s',
      null,
      null,
      '5m',
    ])
    assert.equal(table.metadata.resourceVersion, '9')
    assert.deepEqual(table.rows[0]!.object, {
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: site.metadata,
    })
  })
  it('sends as much of the object as is asked for', () => {
    const site = stored({ spec: {} })
    const whole = tableOf(siteKind, [site], { nowMs, includeObject: 'Object' })
    assert.equal(whole.rows[0]!.object, site)
    const none = tableOf(siteKind, [site], { nowMs, includeObject: 'None' })
    assert.equal(none.rows[0]!.object, null)
  })
  it('shows odd values without failing', () => {
    const odd = stored({ status: { connectivity: { a: [1] }, health: 7, lastSeenTime: 'soon' } })
    const { cells } = tableOf(siteKind, [odd], { nowMs, includeObject: 'None' }).rows[0]!
    assert.deepEqual(cells.slice(1, 6), ['{"a":[1]}', 7, null, null, '<unknown>'])
  })
  it('has as many definitions as cells for every kind', () => {
    for (const kind of kinds) {
      const { rows, columnDefinitions: definitions } = tableOf(
        kind,
        [stored({ spec: {}, roleRef: {} })],
        {
          nowMs,
          includeObject: 'None',
        },
      )
      assert.equal(rows[0]!.cells.length, definitions.length, kind.kind)
      assert.equal(definitions.filter(({ format }) => format === 'name').length, 1, kind.kind)
    }
  })
  it('names events last, and wide', () => {
    assert.equal(columnDefinitions(namespaceKind)[0]!.name, 'Name')
    const last = columnDefinitions(eventKind).at(-1)!
    assert.deepEqual([last.name, last.priority], ['Name', 1])
  })
})
