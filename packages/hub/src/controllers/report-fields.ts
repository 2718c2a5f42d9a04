import type { StatusReport } from '@skerry/api/device-protocol'
import type { Device } from '@skerry/api/kinds/device'
import type { SiteStatus } from '@skerry/api/kinds/site'
import type { ResolvedLayer } from '@skerry/api/kinds/layer'
import { toTimestamp } from '@skerry/base/clock'
import { failedContentMax } from './limits.ts'

type ReportOwned =
  | 'health'
  | 'healthMessage'
  | 'device'
  | 'agentVersion'
  | 'applied'
  | 'layers'
  | 'models'
  | 'failed'
  | 'fetched'

/** What a report says of its site. The same report again gives the same fields. */
export function siteFieldsOf(
  report: StatusReport,
  device: string,
  at: { readonly before: SiteStatus | undefined; readonly nowMs: number },
): { readonly [F in ReportOwned]: SiteStatus[F] | undefined } {
  const { applied } = report
  const old = at.before?.applied
  const isSame = old?.epoch === applied?.epoch && old?.revision === applied?.revision
  return {
    health: report.health,
    healthMessage: report.healthMessage,
    device,
    agentVersion: report.agentVersion,
    applied:
      applied === undefined
        ? undefined
        : isSame
          ? old
          : { ...applied, time: toTimestamp(at.nowMs) },
    layers: report.layers,
    models: modelsOf(report.layers),
    failed: report.failed.slice(0, failedContentMax),
    fetched: report.fetched,
  }
}

/** `digits v2, faces v1`: the models that answer. */
function modelsOf(layers: StatusReport['layers']): string | undefined {
  const type: ResolvedLayer['type'] = 'model'
  const running = layers.filter((layer) => layer.type === type && layer.state === 'Running')
  return running.length === 0
    ? undefined
    : running
        .map(({ name, version }) => (version === undefined ? name : `${name} ${version}`))
        .join(', ')
}

/** What a report says of the device that sent it. */
export function deviceFieldsOf(report: StatusReport): {
  readonly [F in DeviceReportOwned]: DeviceStatus[F] | undefined
} {
  const { agentVersion, bootId, architecture, memoryBytes, os } = report
  return { agentVersion, bootId, architecture, memoryBytes, os }
}

type DeviceStatus = NonNullable<Device['status']>
type DeviceReportOwned = 'agentVersion' | 'bootId' | 'architecture' | 'memoryBytes' | 'os'
