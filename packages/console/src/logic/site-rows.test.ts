import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Site } from '@skerry/api/kinds/site'
import type { MetricsPoint, SiteMetrics } from '@skerry/api/metrics'
import { countGroups, filterRows, parseSort, pulses, siteRow, sortRows } from './site-rows.ts'

const site = (name: string, status: Site['status'], displayName?: string): Site => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'Site',
  metadata: {
    name,
    uid: name,
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-11-21T12:00:00Z',
    labels: { region: 'north' },
  },
  spec: {
    timeZone: 'UTC',
    variables: {},
    telemetry: { intervalSeconds: 60 },
    ...(displayName === undefined ? {} : { displayName }),
  },
  ...(status === undefined ? {} : { status }),
})

const point = (values: Partial<MetricsPoint>): MetricsPoint => ({
  time: '2026-11-21T12:00:00Z',
  requestsPerSecond: 1,
  errorRate: 0,
  judged: 0,
  requests: 60,
  ...values,
})

const metrics = (...series: SiteMetrics['series'][number][]): SiteMetrics => ({
  kind: 'SiteMetrics',
  apiVersion: 'skerry.dev/v1alpha1',
  stepSeconds: 60,
  series,
})
const series = (siteName: string, version: string, points: MetricsPoint[]) => ({
  site: siteName,
  model: 'digits',
  version,
  points,
})

const online = { connectivity: 'Online', health: 'Healthy', sync: 'Synced' } as const
const pulse = { requestsPerSecond: 4, p99Ms: 20, accuracy: 0.9 }

test('a site that never said anything is a row like any other', () => {
  const row = siteRow(site('depot-1', undefined), undefined)
  assert.deepEqual([row.connectivity, row.health, row.sync], ['Never', 'Unknown', undefined])
})

test('numbers of a site that is offline now are not shown as if they were of now', () => {
  assert.equal(siteRow(site('a', { ...online, connectivity: 'Offline' }), pulse).pulse, undefined)
  assert.equal(siteRow(site('a', online), pulse).pulse, pulse)
})

test('names sort as people count, and the unknown comes last either way', () => {
  const rows = ['depot-10', 'depot-2', 'depot-1'].map((name) =>
    siteRow(site(name, online), name === 'depot-2' ? undefined : pulse),
  )
  const namesBy = (text: string) => sortRows(rows, parseSort(text)).map(({ name }) => name)
  assert.deepEqual(namesBy('name'), ['depot-1', 'depot-2', 'depot-10'])
  assert.deepEqual(namesBy('-name'), ['depot-10', 'depot-2', 'depot-1'])
  assert.equal(namesBy('p99').at(-1), 'depot-2')
  assert.equal(namesBy('-p99').at(-1), 'depot-2')
  assert.deepEqual(parseSort('__proto__'), { key: 'name', isDescending: false })
})

test('the filter looks at names, versions, states and labels; all words must occur', () => {
  const rows = [
    siteRow(site('a', { ...online, models: 'digits v2' }, 'Depot Hamburg'), undefined),
    siteRow(site('b', { ...online, health: 'Failed' }), undefined),
  ]
  const found = (filter: string) => filterRows(rows, filter, undefined).map(({ name }) => name)
  assert.deepEqual(found('hamburg V2'), ['a'])
  assert.deepEqual(found('failed'), ['b'])
  assert.deepEqual(found('region=north  '), ['a', 'b'])
  assert.deepEqual(found('hamburg failed'), [])
  assert.deepEqual(
    filterRows(rows, '', 'unwell').map(({ name }) => name),
    ['b'],
  )
  assert.equal(countGroups(rows).healthy, 1)
})

test('versions that serve side by side add up; accuracy is weighed by judged answers', () => {
  const got = pulses(
    metrics(
      series('a', 'v1', [point({ p99Ms: 10, judged: 10, accuracy: 1 })]),
      series('a', 'v2', [point({ p99Ms: 30, judged: 30, accuracy: 0.8, requestsPerSecond: 3 })]),
      series('b', 'v1', []),
    ),
  )
  assert.equal(got.get('a')?.requestsPerSecond, 4)
  assert.equal(got.get('a')?.p99Ms, 30)
  assert.ok(Math.abs(got.get('a')!.accuracy! - 0.85) < 1e-9)
  assert.deepEqual(got.get('b'), { requestsPerSecond: 0, p99Ms: undefined, accuracy: undefined })
})

test('a version that has left does not count into now', () => {
  const got = pulses(
    metrics(
      series('a', 'v1', [point({ time: '2026-11-21T12:00:00Z', requestsPerSecond: 9 })]),
      series('a', 'v2', [point({ time: '2026-11-21T12:01:00Z', requestsPerSecond: 2 })]),
    ),
  )
  assert.equal(got.get('a')?.requestsPerSecond, 2)
})
