import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { RequestMetrics } from '../api-server/request-metrics.ts'
import { durationBucketsSeconds, requestSeriesMax } from './limits.ts'
import { type RequestLabels, otherLabels, requestLabels } from './request-labels.ts'

const kind = ['group', 'version', 'resource', 'subresource', 'scope', 'component'] as const

/** Requests as a kube-apiserver counts them, under its names. */
export function createRequestCounters(
  registry: Registry,
  seriesMax: number = requestSeriesMax,
): Pick<RequestMetrics, 'begin'> {
  const registers = [registry]
  const total = new Counter({
    name: 'apiserver_request_total',
    help: 'Requests, by verb, resource and code.',
    labelNames: ['verb', 'dry_run', ...kind, 'code'],
    registers,
  })
  const duration = new Histogram({
    name: 'apiserver_request_duration_seconds',
    help: 'Seconds from the request to the answer; of watches, to their end.',
    labelNames: ['verb', 'dry_run', ...kind],
    buckets: durationBucketsSeconds,
    registers,
  })
  const inFlight = { mutating: 0, readOnly: 0 }
  new Gauge({
    name: 'apiserver_current_inflight_requests',
    help: 'Requests that are being answered, watches apart.',
    labelNames: ['request_kind'],
    registers,
    collect() {
      for (const [name, count] of Object.entries(inFlight)) this.set({ request_kind: name }, count)
    },
  })
  const lasting = new Gauge({
    name: 'apiserver_longrunning_requests',
    help: 'Watches that are open.',
    labelNames: ['verb', ...kind],
    registers,
  })
  const known = new Set<string>()
  const bounded = (labels: RequestLabels): RequestLabels => {
    const text = Object.values(labels).join(' ')
    if (known.has(text)) return labels
    if (known.size >= seriesMax) return otherLabels
    known.add(text)
    return labels
  }
  return {
    begin: ({ method = 'GET' }) => {
      const side = method === 'GET' || method === 'HEAD' ? 'readOnly' : 'mutating'
      inFlight[side] += 1
      let watch: RequestLabels | undefined
      return {
        begun: (attributes) => {
          inFlight[side] -= 1
          watch = bounded(requestLabels(attributes))
          lasting.inc(watch)
        },
        done: ({ code, durationMs, attributes, isDryRun }) => {
          if (watch === undefined) inFlight[side] -= 1
          else lasting.dec(watch)
          const labels = { ...bounded(requestLabels(attributes)), dry_run: isDryRun ? 'All' : '' }
          total.inc({ ...labels, code })
          duration.observe(labels, durationMs / 1000)
        },
      }
    },
  }
}
