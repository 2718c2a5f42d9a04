import type { MetricsPoint, SiteMetrics } from '@skerry/api/metrics'
import type { FakeObject } from './fake-object.ts'

/** Numbers that look like those of sites: steady, with some noise that is the same at each look. */
export function fakeMetrics(
  sites: readonly FakeObject[],
  name: string,
  query: URLSearchParams,
): SiteMetrics {
  const sinceSeconds = Number(query.get('sinceSeconds'))
  const stepSeconds = Number(query.get('stepSeconds'))
  const chosen = sites.filter((site) => name === '-' || site.metadata.name === name)
  const endMs = Math.floor(Date.now() / 1000 / stepSeconds) * stepSeconds * 1000
  const count = Math.max(1, Math.floor(sinceSeconds / stepSeconds))
  const times = Array.from(
    { length: count },
    (_, at) => endMs - (count - 1 - at) * stepSeconds * 1000,
  )
  return {
    kind: 'SiteMetrics',
    apiVersion: 'skerry.dev/v1alpha1',
    stepSeconds,
    series: chosen.flatMap((site, index) => seriesOf(site, index, times)),
  }
}

type Series = SiteMetrics['series'][number]

function seriesOf(site: FakeObject, index: number, times: readonly number[]): Series[] {
  const status = site['status'] as { connectivity?: string; models?: string } | undefined
  if (status?.connectivity === 'Never') return []
  const version = status?.models?.split(' ')[1] ?? 'v1'
  const base = { site: site.metadata.name, model: 'digits' }
  const all = times.map((timeMs) => pointAt(timeMs, index, version))
  const isOffline = status?.connectivity === 'Offline'
  if (times.length === 1) return isOffline ? [] : [{ ...base, version, points: all }]
  const split = Math.floor(times.length * 0.55)
  const gone = isOffline ? Math.floor(times.length * 0.8) : times.length
  if (version === 'v1') return [{ ...base, version, points: all.slice(0, gone) }]
  const older = times.slice(0, split + 1).map((timeMs) => pointAt(timeMs, index, 'v1'))
  return [
    { ...base, version: 'v1', points: older },
    { ...base, version, points: all.slice(split, gone) },
  ]
}

function pointAt(timeMs: number, index: number, version: string): MetricsPoint {
  const noise = (salt: number) => {
    const mixed = Math.sin(timeMs / 9973 + index * 37.7 + salt * 11.3) * 43758.5453
    return mixed - Math.floor(mixed)
  }
  const isSlow = version === 'v4'
  const p50Ms = (isSlow ? 180 : 4) * (1 + noise(1) * 0.2)
  const accuracy = (version === 'v3' ? 0.915 : version === 'v1' ? 0.962 : 0.984) + noise(2) * 0.012
  const requestsPerSecond = 3.4 + Math.sin(timeMs / 240_000 + index) * 0.8 + noise(3) * 0.5
  return {
    time: new Date(timeMs).toISOString(),
    requestsPerSecond,
    errorRate: noise(4) > 0.96 ? 0.012 : 0,
    p50Ms,
    p95Ms: p50Ms * (1.9 + noise(5) * 0.3),
    p99Ms: p50Ms * (2.6 + noise(6) * 0.9),
    accuracy,
    judged: Math.round(requestsPerSecond * 55),
    requests: Math.round(requestsPerSecond * 60),
  }
}
