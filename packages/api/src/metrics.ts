import type { Sketch } from './sketch.ts'

/** What one model version did at one site in one stretch of time. */
export type Rollup = {
  readonly namespace: string
  readonly site: string
  readonly model: string
  readonly version: string
  readonly digest: string
  readonly startMs: number
  readonly endMs: number
  readonly requests: number
  readonly errors: number
  readonly judged: number
  readonly correct: number
  readonly latencyMs: Sketch
  readonly confidence: Sketch
  readonly classes: Readonly<Record<string, number>>
}

/** A point of a site's plot, as `GET …/sites/NAME/metrics` answers it. */
export type MetricsPoint = {
  readonly time: string
  readonly requestsPerSecond: number
  readonly errorRate: number
  readonly p50Ms?: number
  readonly p95Ms?: number
  readonly p99Ms?: number
  readonly accuracy?: number
  readonly judged: number
  readonly requests: number
}

/** `GET /apis/skerry.dev/v1alpha1/namespaces/NS/sites/NAME/metrics?sinceSeconds=&stepSeconds=` */
export type SiteMetrics = {
  readonly kind: 'SiteMetrics'
  readonly apiVersion: 'skerry.dev/v1alpha1'
  readonly stepSeconds: number
  readonly series: readonly {
    readonly site: string
    readonly model: string
    readonly version: string
    readonly points: readonly MetricsPoint[]
  }[]
}
