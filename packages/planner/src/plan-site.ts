import type { SiteLayer } from '@skerry/api/site-spec'
import { judgeRunningImage, planOs, runsImage, withdrawSwitch } from './plan-os.ts'
import { planModel } from './plan-model.ts'
import { planWorkload } from './plan-workload.ts'
import type { CurrentSite, FailedContent, TargetSite, View } from './site-state.ts'
import { type Plan, type Step, type StepName, contentName, stepKey } from './step.ts'

/**
 * What to do so that the site runs what was asked for. What serves goes on until its successor is
 * ready; what is no longer wanted goes last; content that failed here is left alone. The caller does
 * the first step, looks again, and throws the plan away.
 */
export function planSite(
  current: CurrentSite,
  target: TargetSite | undefined,
  failures: readonly FailedContent[],
  nowMs: number,
): Plan {
  if (target === undefined) {
    // An image on trial is kept or not, whatever else is known.
    const none: View = { current, target: { layers: [] }, failures, nowMs }
    const wait: Step = { do: 'wait', layer: '', when: 'now', reason: 'no site spec has come yet' }
    return { steps: [...judgeRunningImage(none, ''), wait].map((step) => holdBack(none, step)) }
  }
  const view: View = { current, target, failures, nowMs }
  const steps: Step[] = stopPortHolders(view)
  if (!target.layers.some((layer) => layer.type === 'os'))
    steps.push(...judgeRunningImage(view, ''), ...withdrawSwitch(view))
  for (const layer of target.layers) steps.push(...planLayer(view, layer, steps))
  const isBusy = steps.some((step) => buildingSteps.has(step.do))
  for (const name of unwantedLayers(view))
    if (!steps.some((step) => step.do === 'stop-layer' && step.layer === name))
      steps.push(stopUnwanted(name, isBusy ? 'later' : 'now'))
  steps.push(...noteApplied(view, steps), ...fetchAhead(view), ...removeGarbage(view))
  return { steps: steps.map((step) => holdBack(view, step)) }
}

function planLayer(view: View, layer: SiteLayer, below: readonly Step[]): Step[] {
  if (layer.type === 'os') return planOs(view, layer)
  return layer.type === 'model' ? planModel(view, layer) : planWorkload(view, layer, below)
}

/** Steps that bring up something that was asked for: until they are done, nothing old goes. */
const buildingSteps: ReadonlySet<StepName> = new Set([
  'open-port',
  'fetch-blob',
  'start-model',
  'switch-model',
  'give-up',
  'start-workload',
])

/** A step that failed a moment ago waits for its time. */
function holdBack(view: View, step: Step): Step {
  const held = step.when === 'now' ? view.current.held[stepKey(step)] : undefined
  if (held === undefined || held.untilMs <= view.nowMs) return step
  return {
    do: 'wait',
    layer: step.layer,
    when: 'now',
    untilMs: held.untilMs,
    reason: `${stepKey(step)} did not succeed and is tried again: ${held.message}`,
  }
}

function unwantedLayers({ current, target }: View): string[] {
  if (target.version === undefined) return []
  const wanted = new Set(target.layers.map((layer) => layer.name))
  const present = [
    ...current.models.map((model) => model.layer),
    ...current.workloads.map((workload) => workload.layer),
    ...Object.keys(current.ports),
    ...Object.keys(current.kept),
  ]
  return [...new Set(present)].filter((name) => !wanted.has(name)).toSorted()
}

function stopUnwanted(layer: string, when: 'now' | 'later'): Step {
  const reason = 'the site spec no longer names it'
  return { do: 'stop-layer', layer, when, isWanted: false, reason }
}

/** A layer that goes may hold the port of one that comes: it cannot go last. */
function stopPortHolders(view: View): Step[] {
  const wantedPorts = new Set(view.target.layers.map((layer) => layer.model?.port))
  return unwantedLayers(view)
    .filter((name) => wantedPorts.has(view.current.ports[name] ?? -1))
    .map((name) => stopUnwanted(name, 'now'))
}

function noteApplied({ current, target }: View, steps: readonly Step[]): Step[] {
  const { version } = target
  const { applied } = current
  if (version === undefined) return []
  if (applied?.epoch === version.epoch && applied.revision === version.revision) return []
  if (!target.layers.every((layer) => runsInFull(current, layer))) return []
  const when = steps.some((step) => step.do !== 'wait' && step.when === 'now') ? 'later' : 'now'
  return [{ do: 'note-applied', layer: '', when, version, reason: 'every layer runs' }]
}

/** Whether just what was asked for runs. */
export function runsInFull(current: CurrentSite, layer: SiteLayer): boolean {
  if (layer.type === 'os') return runsImage(current, layer)
  return layer.type === 'model'
    ? current.models.some(
        (model) =>
          model.layer === layer.name &&
          model.phase === 'Serving' &&
          model.digest === layer.digest &&
          model.version === layer.model?.version,
      )
    : current.workloads.some(
        (workload) =>
          workload.layer === layer.name &&
          workload.phase === 'Running' &&
          workload.digest === layer.digest,
      )
}

/** Files of models that will be wanted, while they may be fetched; what runs comes first. */
function fetchAhead({ current, target }: View): Step[] {
  if (target.prefetch?.isOpen !== true) return []
  const here = new Set([...current.blobs, ...current.fetching.map(({ digest }) => digest)])
  return target.prefetch.layers
    .filter(({ type, digest }) => type === 'model' && !here.has(digest))
    .map((content) => ({
      do: 'fetch-blob',
      layer: content.name,
      when: 'now',
      content,
      reason: `${contentName(content)} will be wanted when its window opens`,
    }))
}

function removeGarbage({ current, target }: View): Step[] {
  if (target.version === undefined) return []
  const kept = Object.values(current.kept).flatMap(({ good, previous }) =>
    previous === undefined ? [good.digest] : [good.digest, previous.digest],
  )
  const needed = new Set([
    ...target.layers.map((layer) => layer.digest),
    ...(target.prefetch?.layers ?? []).map((layer) => layer.digest),
    ...kept,
    ...current.models.map((model) => model.digest),
  ])
  return [...new Set([...current.blobs, ...current.partials])]
    .filter((digest) => !needed.has(digest))
    .toSorted()
    .map((digest) => ({
      do: 'remove-file',
      layer: '',
      when: 'now',
      digest,
      reason: 'nothing needs this file any more',
    }))
}
