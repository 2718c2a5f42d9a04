import type { OsReport } from '@skerry/api/os/os-report'
import type { SiteLayer } from '@skerry/api/site-spec'
import { percentOf } from '@skerry/planner/assess-os'
import type { CurrentOs } from '@skerry/planner/os-state'
import { type Plan, nextStep } from '@skerry/planner/step'

export type OsReportView = {
  readonly known: Omit<OsReport, 'phase' | 'message' | 'progressPercent'>
  readonly os: CurrentOs
  readonly plan: Plan
  /** The os layer of the site spec. */
  readonly wanted: SiteLayer | undefined
  /** Whether that failed here. */
  readonly isFailed: boolean
}

/** What is said of the operating system: what is known of it, and what is being done. */
export function makeOsReport(view: OsReportView): OsReport {
  const progressPercent = percentOf(view.os.installing)
  const message = messageOf(view)
  return {
    ...view.known,
    phase: phaseOf(view),
    ...(message === undefined ? {} : { message: message.slice(0, 2000) }),
    ...(progressPercent === undefined ? {} : { progressPercent }),
  }
}

function phaseOf({ os, plan, wanted, isFailed }: OsReportView): OsReport['phase'] {
  const next = nextStep(plan)?.do
  if (os.isRestarting || next === 'restart-machine' || next === 'condemn-os') return 'Rebooting'
  if (os.isOnTrial) return 'OnTrial'
  if (os.installing !== undefined) return 'Fetching'
  const imageId = wanted?.os?.imageId
  if (imageId === undefined || imageId === os.imageId || isFailed) return 'Idle'
  return os.switched === imageId || os.staged.includes(imageId) ? 'Staged' : 'Idle'
}

function messageOf({ os, plan, wanted }: OsReportView): string | undefined {
  const layer = wanted?.name ?? ''
  const step = plan.steps.find(
    (each) => each.layer === layer && (each.do === 'wait' || each.do === 'condemn-os'),
  )
  if (step !== undefined && (wanted !== undefined || os.isOnTrial)) return step.reason
  return os.ailment
}
