import type { DeviceIdentity, TelemetryBatch, TelemetryRecord } from '@skerry/api/device-protocol'
import { telemetryBatchSchema } from '@skerry/api/device-protocol'
import { formatProblem } from '@skerry/api/problem'
import { pruneUnknown } from '@skerry/api/schema-prune'
import { validateSchema } from '@skerry/api/schema-validate'
import type { Sketch } from '@skerry/api/sketch'
import type { RollupBatch } from '@skerry/store/hub-store'
import { clockAheadMsMax, recordMsMax } from './limits.ts'

export type ParsedTelemetry =
  | { readonly ok: true; readonly batch: TelemetryBatch }
  | { readonly ok: false; readonly message: string }

/** A batch of measurements, or what is wrong with it. Fields that it does not know are dropped. */
export function parseTelemetry(body: unknown): ParsedTelemetry {
  const [problem] = validateSchema(telemetryBatchSchema, body, '')
  if (problem !== undefined) return { ok: false, message: formatProblem(problem) }
  const batch = pruneUnknown(telemetryBatchSchema, body, '').value as TelemetryBatch
  for (const [index, record] of batch.records.entries()) {
    const wrong = recordProblem(record)
    if (wrong !== undefined) return { ok: false, message: `records[${index}].${wrong}` }
  }
  return { ok: true, batch }
}

/** What a schema cannot say: numbers that add up, and sketches that can be merged. */
function recordProblem(record: TelemetryRecord): string | undefined {
  const { sequence, requests, errors, judged, correct, classes } = record
  const counts = [sequence, requests, errors, judged, correct, ...Object.values(classes)]
  if (!counts.every(Number.isSafeInteger)) return 'requests: counts must be below 2^53'
  if (errors > requests) return 'errors: must be at most requests'
  if (correct > judged) return 'correct: must be at most judged'
  if (!(Date.parse(record.endTime) >= Date.parse(record.startTime)))
    return 'endTime: must not be before startTime'
  const latency = sketchProblem(record.latencyMs)
  if (latency !== undefined) return `latencyMs.${latency}`
  const confidence = sketchProblem(record.confidence)
  return confidence === undefined ? undefined : `confidence.${confidence}`
}

/** Indices of values between 1e-9 and 1e300 are far inside of this. */
const bucketIndexMax = 100_000

function sketchProblem({ zero, buckets, sum }: Sketch): string | undefined {
  if (!Number.isSafeInteger(zero)) return 'zero: must be below 2^53'
  if (!Number.isFinite(sum) || sum < 0) return 'sum: must be a finite number >= 0'
  if (buckets.length % 2 !== 0) return 'buckets: must be pairs of index and count'
  let last = -Infinity
  for (let at = 0; at < buckets.length; at += 2) {
    const index = buckets[at]!
    const count = buckets[at + 1]!
    if (!Number.isInteger(index) || Math.abs(index) > bucketIndexMax || index <= last)
      return 'buckets: indices must be whole numbers in ascending order'
    if (!Number.isSafeInteger(count) || count < 1) return 'buckets: counts must be whole and >= 1'
    last = index
  }
  return undefined
}

/** The rows to store: whose they are, the certificate says. */
export function rollupsOf(
  identity: DeviceIdentity,
  batch: TelemetryBatch,
  nowMs: number,
): RollupBatch {
  const { namespace, site, siteUid } = identity
  return {
    siteUid,
    bootId: batch.bootId,
    rollups: batch.records.map((record) => {
      const { startTime, endTime, layer: _, ...measured } = record
      return {
        ...measured,
        namespace,
        site,
        ...timesOf(Date.parse(startTime), Date.parse(endTime), nowMs),
      }
    }),
  }
}

/** A clock that is far ahead must not make measurements that are for ever the newest, and never old. */
function timesOf(startMs: number, endMs: number, nowMs: number) {
  const end = Math.min(endMs, nowMs + clockAheadMsMax)
  return { startMs: end - Math.min(endMs - startMs, recordMsMax), endMs: end }
}
