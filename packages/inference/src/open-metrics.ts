import type { Histogram } from './histogram.ts'
import type { Totals } from './measures.ts'
import type { ModelIdentity } from './model-identity.ts'

/** OpenMetrics 1.0 (RFC draft of November 2020), which Prometheus asks for first. */
export const openMetricsType = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

export type MetricsState = {
  readonly identity: ModelIdentity
  readonly totals: Totals
  readonly queueDepth: number
  readonly connections: number
  readonly residentBytes: number
  readonly startedSeconds: number
}

export function writeOpenMetrics(state: MetricsState): string {
  const { totals, identity } = state
  const labels = `model="${escape(identity.model)}",version="${escape(identity.version)}"`
  const lines: string[] = []
  const family = (name: string, type: string, help: string, unit?: string) => {
    lines.push(`# TYPE ${name} ${type}`)
    if (unit !== undefined) lines.push(`# UNIT ${name} ${unit}`)
    lines.push(`# HELP ${name} ${help}`)
  }
  family('skerry_model', 'info', 'Which model this process serves.')
  lines.push(
    `skerry_model_info{${labels},digest="${escape(identity.digest)}",platform="onnx_onnxv1"} 1`,
  )
  family('skerry_inference_requests', 'counter', 'Inference requests, answered or not.')
  lines.push(`skerry_inference_requests_total{${labels}} ${totals.requests}`)
  family('skerry_inference_errors', 'counter', 'Inference requests without an answer, by reason.')
  for (const [reason, count] of totals.errors)
    lines.push(`skerry_inference_errors_total{${labels},reason="${reason}"} ${count}`)
  family(
    'skerry_inference_latency_seconds',
    'histogram',
    'From a request fully received to its answer ready, waiting included.',
    'seconds',
  )
  lines.push(...histogramLines('skerry_inference_latency_seconds', labels, totals.latencySeconds))
  family('skerry_inference_queue_requests', 'gauge', 'Requests that wait or run.')
  lines.push(`skerry_inference_queue_requests{${labels}} ${state.queueDepth}`)
  family('skerry_inference_connections', 'gauge', 'Open connections of clients.')
  lines.push(`skerry_inference_connections{${labels}} ${state.connections}`)
  family('skerry_inference_confidence', 'histogram', 'Probability of the class that was answered.')
  lines.push(...histogramLines('skerry_inference_confidence', labels, totals.confidence))
  family('skerry_inference_classes', 'counter', 'Rows by the class that was answered.')
  for (const [name, count] of totals.classes)
    lines.push(`skerry_inference_classes_total{${labels},class="${name}"} ${count}`)
  family('skerry_inference_judged', 'counter', 'Rows whose truth was told.')
  lines.push(`skerry_inference_judged_total{${labels}} ${totals.judged}`)
  family('skerry_inference_correct', 'counter', 'Rows whose truth was what was answered.')
  lines.push(`skerry_inference_correct_total{${labels}} ${totals.correct}`)
  family('process_resident_memory_bytes', 'gauge', 'Memory of this process.', 'bytes')
  lines.push(`process_resident_memory_bytes ${state.residentBytes}`)
  family('process_start_time_seconds', 'gauge', 'When this process started.', 'seconds')
  lines.push(`process_start_time_seconds ${state.startedSeconds}`)
  lines.push('# EOF')
  return `${lines.join('\n')}\n`
}

function histogramLines(name: string, labels: string, histogram: Histogram): string[] {
  let total = 0
  const buckets = histogram.counts.map((count, index) => {
    total += count
    const bound = histogram.bounds[index]
    return `${name}_bucket{${labels},le="${bound === undefined ? '+Inf' : float(bound)}"} ${total}`
  })
  return [
    ...buckets,
    `${name}_count{${labels}} ${total}`,
    `${name}_sum{${labels}} ${histogram.sum}`,
  ]
}

/** OpenMetrics wants bounds to look like floats: 1.0, not 1. */
const float = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value))

function escape(label: string): string {
  return label.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
