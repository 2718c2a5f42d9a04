import type { ApiServerOptions } from './api-server/call.ts'
import { defaultAuditSettings } from './audit/audit-settings.ts'
import { openAudit } from './audit/open-audit.ts'
import { createFlowControl } from './flow/flow-control.ts'
import type { HubOptions } from './hub-options.ts'
import type { Tools } from './hub-parts.ts'
import type { HubMetrics } from './metrics/hub-metrics.ts'

type StepsOptions = Tools & { readonly options: HubOptions; readonly metrics: HubMetrics }

export type RequestSteps = Required<Pick<ApiServerOptions, 'flow' | 'audit' | 'metrics'>>

/** The steps of a request's way that are the same for every verb: its turn, its trail, its count. */
export async function openRequestSteps(
  { options, metrics, clock, random, log }: StepsOptions,
  started: AsyncDisposableStack,
): Promise<RequestSteps> {
  const settings = options.audit ?? defaultAuditSettings
  const { audit, auditLog } = await openAudit({ data: options.data, settings, clock, random, log })
  started.use(auditLog)
  const flow = createFlowControl(clock)
  metrics.followFlow(() => flow.figures())
  metrics.followAudit(auditLog)
  return { flow, audit, metrics }
}
