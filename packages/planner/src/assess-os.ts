import type { SiteLayer } from '@skerry/api/site-spec'
import type { Judged, LayerReport } from './assess-site.ts'
import type { CurrentOs } from './os-state.ts'
import { notAnImage, planOs } from './plan-os.ts'
import { type CurrentSite, type FailedContent, type TargetSite, failureOf } from './site-state.ts'
import { contentName } from './step.ts'

export type OsView = {
  readonly current: CurrentSite
  readonly layer: SiteLayer
  readonly target: TargetSite
  readonly failures: readonly FailedContent[]
}

/** How the os layer is: a machine whose old image runs on serves its site, whatever comes of the new one. */
export function judgeOs(view: OsView): Judged {
  const { current, layer, failures } = view
  const { os } = current
  const failed = failureOf(layer, failures)
  const base = { name: layer.name, type: layer.type }
  if (os === undefined)
    return {
      report: { ...base, version: contentName(layer), state: 'Failed', message: notAnImage },
      verdict: 'HeldBack',
      isSettled: true,
    }
  const isTarget = os.imageId === layer.os?.imageId
  const digest = isTarget ? layer.digest : os.digest
  const running = { ...base, version: os.version, ...(digest === undefined ? {} : { digest }) }
  if (os.isOnTrial)
    return {
      report: { ...running, state: 'Starting', message: clip(waitingFor(view)) },
      verdict: 'Starting',
      isSettled: false,
    }
  if (isTarget) return judgeKept(running, os.ailment)
  if (failed !== undefined)
    return {
      report: {
        ...running,
        state: 'Failed',
        message: clip(`${contentName(layer)} failed: ${failed.message}`),
      },
      verdict: 'HeldBack',
      isSettled: true,
    }
  return {
    report: { ...running, ...progressOf(view, os) },
    verdict: 'Good',
    isSettled: false,
  }
}

/** An image that was kept stays, well or not: going back is for whoever rolled it out. */
function judgeKept(running: Omit<LayerReport, 'state'>, ailment: string | undefined): Judged {
  const message = ailment === undefined ? {} : { message: clip(ailment) }
  const verdict = ailment === undefined ? 'Good' : 'Shaken'
  return { report: { ...running, state: 'Running', ...message }, verdict, isSettled: true }
}

function progressOf(view: OsView, os: CurrentOs): Pick<LayerReport, 'state' | 'message'> {
  const { layer, current } = view
  const { installing } = os
  if (installing?.digest === layer.digest) {
    const share = percentOf(installing)
    const progress = share === undefined ? '' : `: ${share} %`
    return { state: 'Fetching', message: `${contentName(layer)} is being fetched${progress}` }
  }
  const held = Object.entries(current.held).find(([key]) => key.split(' ')[1] === layer.name)
  return { state: 'Pending', message: clip(held?.[1].message ?? waitingFor(view)) }
}

/** The first sentence of its plan. */
function waitingFor({ current, layer, target, failures }: OsView): string {
  const [step] = planOs({ current, target, failures, nowMs: 0 }, layer)
  return step?.reason ?? 'nothing is to be done'
}

/** Rounded, so that a fetch is not one report after the other. */
export function percentOf(installing: CurrentOs['installing']): number | undefined {
  if (installing === undefined || installing.totalBytes <= 0) return undefined
  const share = (100 * installing.doneBytes) / installing.totalBytes
  return Math.min(100, Math.max(0, Math.floor(share / 5) * 5))
}

function clip(message: string): string {
  return message.slice(0, 2000)
}
