import type { MetricsPoint, Rollup, SiteMetrics } from '@skerry/api/metrics'
import { mergeSketches, quantile } from '@skerry/api/sketch'
import { badRequest } from '@skerry/api/status'
import { type Clock, toTimestamp } from '@skerry/base/clock'
import type { RollupStore } from '@skerry/store/hub-store'

const sinceSecondsDefault = 900
const sinceSecondsMax = 7 * 24 * 3600
/** A plot of more points than pixels helps nobody. */
const pointsMax = 2_000
const pointsDefault = 180

export type MetricsQuery = { readonly sinceSeconds: number; readonly stepSeconds: number }

/** Reads `?sinceSeconds=&stepSeconds=`. Throws BadRequest that names the parameter. */
export function parseMetricsQuery(query: URLSearchParams): MetricsQuery {
  const sinceSeconds = readWhole(query, 'sinceSeconds', sinceSecondsMax) ?? sinceSecondsDefault
  const stepSeconds =
    readWhole(query, 'stepSeconds', sinceSecondsMax) ??
    Math.max(1, Math.ceil(sinceSeconds / pointsDefault))
  if (sinceSeconds / stepSeconds > pointsMax)
    throw badRequest(
      `sinceSeconds / stepSeconds asks for ${Math.ceil(sinceSeconds / stepSeconds)} points: at most ${pointsMax}.`,
    )
  return { sinceSeconds, stepSeconds }
}

function readWhole(query: URLSearchParams, name: string, max: number): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = Number(text)
  if (!/^\d{1,9}$/.test(text) || value < 1 || value > max)
    throw badRequest(
      `${name} is ${JSON.stringify(text.slice(0, 40))}: must be a whole number from 1 to ${max}.`,
    )
  return value
}

/** The answer of `sites/NAME/metrics`: one series for each version of each model. */
export async function readSiteMetrics(
  options: { readonly rollups: RollupStore; readonly clock: Clock },
  site: { readonly namespace: string; readonly names?: readonly string[] | undefined },
  { sinceSeconds, stepSeconds }: MetricsQuery,
): Promise<SiteMetrics> {
  const nowMs = options.clock.now()
  const rollups = await options.rollups.query({
    namespace: site.namespace,
    ...(site.names === undefined ? {} : { sites: site.names }),
    sinceMs: nowMs - sinceSeconds * 1000,
  })
  return {
    kind: 'SiteMetrics',
    apiVersion: 'skerry.dev/v1alpha1',
    stepSeconds,
    series: seriesOf(rollups, stepSeconds * 1000),
  }
}

export function seriesOf(rollups: readonly Rollup[], stepMs: number): SiteMetrics['series'] {
  const bySeries = Map.groupBy(rollups, ({ site, model, version }) =>
    JSON.stringify([site, model, version]),
  )
  return [...bySeries.values()]
    .map((own) => {
      const { site, model, version } = own[0]!
      const byStep = Map.groupBy(own, ({ endMs }) => Math.floor((endMs - 1) / stepMs))
      const points = [...byStep]
        .toSorted(([left], [right]) => left - right)
        .map(([step, inStep]) => pointOf(step * stepMs, inStep))
      return { site, model, version, points }
    })
    .toSorted((left, right) => (nameOf(left) < nameOf(right) ? -1 : 1))
}

const nameOf = ({ model, version }: { model: string; version: string }) => `${model} ${version}`

function pointOf(startMs: number, rollups: readonly Rollup[]): MetricsPoint {
  const sum = (field: 'requests' | 'errors' | 'judged' | 'correct') =>
    rollups.reduce((total, rollup) => total + rollup[field], 0)
  const latency = mergeSketches(rollups.map(({ latencyMs }) => latencyMs))
  const requests = sum('requests')
  const judged = sum('judged')
  // The time that was measured, so that a step which is not over yet does not look quiet.
  const measuredMs = rollups.reduce((total, { startMs: from, endMs }) => total + endMs - from, 0)
  const percentile = (share: number) => {
    const value = quantile(latency, share)
    return value === undefined ? undefined : Number(value.toPrecision(4))
  }
  const [p50Ms, p95Ms, p99Ms] = [percentile(0.5), percentile(0.95), percentile(0.99)]
  return {
    time: toTimestamp(startMs),
    requests,
    judged,
    requestsPerSecond: measuredMs <= 0 ? 0 : (requests * 1000) / measuredMs,
    errorRate: requests === 0 ? 0 : sum('errors') / requests,
    ...(p50Ms === undefined ? {} : { p50Ms }),
    ...(p95Ms === undefined ? {} : { p95Ms }),
    ...(p99Ms === undefined ? {} : { p99Ms }),
    ...(judged === 0 ? {} : { accuracy: sum('correct') / judged }),
  }
}
