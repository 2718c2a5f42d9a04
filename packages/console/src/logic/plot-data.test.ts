import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SiteMetrics } from '@skerry/api/metrics'
import { newestValues, plotData, plots } from './plot-data.ts'

const start = Date.UTC(2026, 10, 21, 12)
const points = (rates: Record<number, number>) =>
  Object.entries(rates).map(([second, requestsPerSecond]) => ({
    time: new Date(start + Number(second) * 1000).toISOString(),
    requestsPerSecond,
    errorRate: 0,
    judged: 0,
    requests: 1,
  }))
const metrics = (series: SiteMetrics['series'], stepSeconds = 10): SiteMetrics => ({
  kind: 'SiteMetrics',
  apiVersion: 'skerry.dev/v1alpha1',
  stepSeconds,
  series,
})
const line = (version: string, rates: Record<number, number>, model = 'digits') => ({
  site: 'a',
  model,
  version,
  points: points(rates),
})

test('each version is a line over shared times', () => {
  const data = plotData(
    metrics([line('v1', { 0: 1, 10: 2 }), line('v2', { 10: 3, 20: 4 })]),
    plots.rate,
  )
  assert.deepEqual(
    data.seconds.map((second) => second - start / 1000),
    [0, 10, 20],
  )
  assert.deepEqual(
    data.lines.map(({ values }) => values),
    [
      [1, 2, null],
      [null, 3, 4],
    ],
  )
})

test('times of another version do not break a line, silence does', () => {
  const data = plotData(
    metrics([line('v1', { 0: 1, 10: 2, 20: 3, 90: 4 }), line('v2', { 5: 1, 15: 1, 60: 1 })]),
    plots.rate,
  )
  assert.deepEqual(data.lines[0]!.values, [1, undefined, 2, undefined, 3, null, 4])
})

test('a site that measures once a minute has no gaps at a step of ten seconds', () => {
  const data = plotData(
    metrics([line('v1', { 0: 1, 60: 2, 120: 3 }), line('v2', { 30: 9 })]),
    plots.rate,
  )
  assert.deepEqual(data.lines[0]!.values, [1, undefined, 2, 3])
})

test('what was not measured is no zero', () => {
  const data = plotData(metrics([line('v1', { 0: 1 })]), plots.latency)
  assert.deepEqual(
    data.lines.map(({ label, values }) => [label, values[0]]),
    [
      ['v1 p50', null],
      ['v1 p95', null],
      ['v1 p99', null],
    ],
  )
  assert.equal(
    newestValues(data, String),
    'Newest: v1 p50 no data, v1 p95 no data, v1 p99 no data.',
  )
})

test('the model is named where there are several', () => {
  const data = plotData(metrics([line('v1', { 0: 1 }), line('v1', { 0: 2 }, 'voices')]), plots.rate)
  assert.deepEqual(
    data.lines.map(({ label }) => label),
    ['digits v1', 'voices v1'],
  )
})

test('no series is no data', () => {
  const data = plotData(metrics([]), plots.rate)
  assert.deepEqual(data, { seconds: [], lines: [] })
  assert.equal(newestValues(data, String), 'No data.')
})
