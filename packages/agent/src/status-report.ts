import type { StatusReport } from '@skerry/api/device-protocol'
import type { OsReport } from '@skerry/api/os/os-report'
import type { SiteSpec } from '@skerry/api/site-spec'
import { agentVersion } from './agent-config.ts'
import type { CurrentState, TargetState } from './buses.ts'
import { failedReportedMax, failureMessageLengthMax } from './limits.ts'
import { outcomeMessageLengthMax, outcomesReportedMax } from './os/limits.ts'

export type ReportFrame = {
  readonly bootId: string
  readonly architecture: string
  readonly memoryBytes: number
}

/** The live state as the hub is told; the same input gives the same report. */
export function makeStatusReport(
  frame: ReportFrame,
  target: TargetState,
  current: CurrentState,
  nowMs: number,
): Omit<StatusReport, 'sequence'> {
  const message = current.healthMessage ?? ageMessage(target.spec, nowMs)
  return {
    ...frame,
    agentVersion,
    health: current.health,
    ...(message === undefined ? {} : { healthMessage: message.slice(0, 2000) }),
    ...(current.target === undefined ? {} : { target: { ...current.target } }),
    ...(current.applied === undefined ? {} : { applied: { ...current.applied } }),
    isSettled: current.isSettled,
    layers: current.layers.map((layer) => ({ ...layer })),
    ...(current.os === undefined ? {} : { os: withNewest(current.os) }),
    ...(current.fetched === undefined ? {} : { fetched: current.fetched.slice(0, 100) }),
    failed: failedOf(target.spec, current),
  }
}

/** A report is sent every minute: old outcomes have been told. */
function withNewest(os: OsReport): OsReport {
  const outcomes = os.outcomes
    .slice(0, outcomesReportedMax)
    .map((each) => ({ ...each, message: each.message.slice(0, outcomeMessageLengthMax) }))
  return { ...os, outcomes }
}

/** An old spec stops nothing, but it is said. */
export function ageMessage(spec: SiteSpec | undefined, nowMs: number): string | undefined {
  if (spec === undefined || Date.parse(spec.validUntil) >= nowMs) return undefined
  return `the site spec was valid until ${spec.validUntil} and no newer one came: it goes on with it`
}

/** What matters for this spec, and the newest of the rest. */
function failedOf(spec: SiteSpec | undefined, current: CurrentState): StatusReport['failed'] {
  const wanted = new Set(spec?.layers.map((layer) => layer.digest))
  const { failures } = current
  const newest = new Set(failures.slice(-failedReportedMax))
  return failures
    .filter((failed) => wanted.has(failed.digest) || newest.has(failed))
    .map((failed) => ({ ...failed, message: failed.message.slice(0, failureMessageLengthMax) }))
    .slice(-100)
}
