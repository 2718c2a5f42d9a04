import type { MetricsPoint, SiteMetrics } from '@skerry/api/metrics'
import { toMs } from './format.ts'

type Series = SiteMetrics['series'][number]

/** A line of a plot. Lines of one version share a colour; lines of one plot differ by their dash. */
export type PlotLine = {
  readonly label: string
  /** Which version, as an index into the colours. */
  readonly colour: number
  readonly dash: 'solid' | 'dashed' | 'dotted'
  /** `null` breaks the line; `undefined` is passed over. */
  readonly values: readonly (number | null | undefined)[]
}

export type PlotData = { readonly seconds: readonly number[]; readonly lines: readonly PlotLine[] }

export type PlotMeasure = {
  readonly label: string
  readonly dash: PlotLine['dash']
  readonly value: (point: MetricsPoint) => number | undefined
}

export const plots = {
  rate: [{ label: '', dash: 'solid', value: (point) => point.requestsPerSecond }],
  latency: [
    { label: 'p50', dash: 'dotted', value: (point) => point.p50Ms },
    { label: 'p95', dash: 'dashed', value: (point) => point.p95Ms },
    { label: 'p99', dash: 'solid', value: (point) => point.p99Ms },
  ],
  accuracy: [{ label: '', dash: 'solid', value: (point) => point.accuracy }],
  errors: [{ label: '', dash: 'solid', value: (point) => point.errorRate }],
} as const satisfies Record<string, readonly PlotMeasure[]>

/** `digits v2`; without the model where all lines are of one. */
export function versionLabels(series: readonly Series[]): string[] {
  const isOneModel = new Set(series.map(({ model }) => model)).size <= 1
  return series.map(({ model, version }) => (isOneModel ? version : `${model} ${version}`))
}

/** Lines over one shared axis of times. */
export function plotData(metrics: SiteMetrics, measures: readonly PlotMeasure[]): PlotData {
  const times = metrics.series.map(({ points }) => points.map(({ time }) => secondsOf(time)))
  const seconds = [...new Set(times.flat())].toSorted((left, right) => left - right)
  const positions = new Map(seconds.map((second, position) => [second, position]))
  const labels = versionLabels(metrics.series)
  const lines = metrics.series.flatMap((series, index) =>
    measures.map((measure): PlotLine => {
      const values: (number | null | undefined)[] = seconds.map(() => null)
      const longest = longestStepSeconds(times[index]!, metrics.stepSeconds)
      let last: number | undefined
      for (const point of series.points) {
        const at = positions.get(secondsOf(point.time))!
        values[at] = measure.value(point) ?? null
        if (last !== undefined && seconds[at]! - seconds[last]! <= longest)
          values.fill(undefined, last + 1, at)
        last = at
      }
      return {
        label: [labels[index], measure.label].filter(Boolean).join(' '),
        colour: index,
        dash: measure.dash,
        values,
      }
    }),
  )
  return { seconds, lines }
}

/** Sites measure at an interval of their own: a longer silence than two of those is a gap. */
function longestStepSeconds(times: readonly number[], stepSeconds: number): number {
  const steps = times.slice(1).map((time, index) => time - times[index]!)
  const median = steps.toSorted((left, right) => left - right)[Math.floor(steps.length / 2)] ?? 0
  return 2.5 * Math.max(stepSeconds, median)
}

function secondsOf(time: string): number {
  return (toMs(time) ?? 0) / 1000
}

export const plotRanges = {
  '15min': { words: '15 min', sinceSeconds: 900, stepSeconds: 10 },
  '1h': { words: '1 h', sinceSeconds: 3600, stepSeconds: 60 },
  '6h': { words: '6 h', sinceSeconds: 21_600, stepSeconds: 300 },
} as const
export type PlotRange = keyof typeof plotRanges

/** The newest value of each line, as words for those who do not see the plot. */
export function newestValues(data: PlotData, format: (value: number) => string): string {
  const told = data.lines.map(({ label, values }) => {
    const newest = values.findLast((value) => typeof value === 'number')
    return typeof newest === 'number' ? `${label} ${format(newest)}` : `${label} no data`
  })
  return told.length === 0 ? 'No data.' : `Newest: ${told.join(', ')}.`
}
