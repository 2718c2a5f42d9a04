import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rollup } from '@skerry/api/metrics'
import { SketchBuilder } from '@skerry/api/sketch'
import { isApiError } from '@skerry/api/status'
import { createMemoryRollups } from '@skerry/store/memory-rollups'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { parseMetricsQuery, readSiteMetrics, seriesOf } from './site-metrics.ts'

const startMs = Date.parse('2026-11-21T12:00:00Z')

function rollup(part: Partial<Rollup>): Rollup {
  const latency = new SketchBuilder()
  latency.add(2)
  return {
    namespace: 'default',
    site: 'aarhus',
    model: 'digits',
    version: 'v1',
    digest: 'sha256:1',
    startMs,
    endMs: startMs + 2000,
    requests: 16,
    errors: 4,
    judged: 8,
    correct: 6,
    latencyMs: latency.toSketch(),
    confidence: latency.toSketch(),
    classes: {},
    ...part,
  }
}

test('rollups become one series for each version, with a point for each step', () => {
  const later = { startMs: startMs + 10_000, endMs: startMs + 12_000 }
  const series = seriesOf(
    [
      rollup({}),
      rollup({ startMs: startMs + 2000, endMs: startMs + 4000 }),
      rollup(later),
      rollup({ ...later, version: 'v2', judged: 0, requests: 0 }),
    ],
    10_000,
  )
  assert.deepEqual(
    series.map(({ version, points }) => [version, points.map(({ time }) => time)]),
    [
      ['v1', ['2026-11-21T12:00:00Z', '2026-11-21T12:00:10Z']],
      ['v2', ['2026-11-21T12:00:10Z']],
    ],
  )
  const [first] = series[0]!.points
  assert.deepEqual(
    [first?.requests, first?.requestsPerSecond, first?.errorRate, first?.accuracy],
    [32, 8, 0.25, 0.75],
  )
  assert.ok(Math.abs((first?.p99Ms ?? 0) - 2) < 0.05)
  assert.equal(series[1]!.points[0]?.accuracy, undefined)
})

test('the answer holds one site only', async () => {
  const rollups = createMemoryRollups()
  await rollups.append({
    siteUid: 'u',
    bootId: 'b',
    rollups: [
      { ...rollup({}), sequence: 1 },
      { ...rollup({ site: 'bergen' }), sequence: 2 },
    ],
  })
  const clock = createSteppedClock(startMs + 60_000)
  const answer = await readSiteMetrics(
    { rollups, clock },
    { namespace: 'default', names: ['aarhus'] },
    { sinceSeconds: 900, stepSeconds: 5 },
  )
  assert.equal(answer.kind, 'SiteMetrics')
  assert.deepEqual(
    answer.series.map(({ site }) => site),
    ['aarhus'],
  )
})

test('the query has defaults and bounds', () => {
  const parse = (text: string) => parseMetricsQuery(new URLSearchParams(text))
  assert.deepEqual(parse(''), { sinceSeconds: 900, stepSeconds: 5 })
  assert.deepEqual(parse('sinceSeconds=60&stepSeconds=2'), { sinceSeconds: 60, stepSeconds: 2 })
  for (const text of [
    'sinceSeconds=-1',
    'sinceSeconds=1e9',
    'stepSeconds=0',
    'stepSeconds=x',
    'sinceSeconds=604800&stepSeconds=1',
    `sinceSeconds=${'9'.repeat(5000)}`,
  ])
    assert.throws(
      () => parse(text),
      (thrown) => isApiError(thrown, 'BadRequest') && thrown.message.length < 200,
    )
})
