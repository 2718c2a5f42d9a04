import type { SiteLayer } from '@skerry/api/site-spec'
import {
  type CurrentModel,
  type View,
  crashesBeforeBroken,
  failureOf,
  isContent,
  isSameContent,
} from './site-state.ts'
import { type Step, contentName } from './step.ts'

/** The steps of one model layer. */
export function planModel(view: View, target: SiteLayer): Step[] {
  const instances = view.current.models.filter((model) => model.layer === target.name)
  const serving = instances.find((model) => model.phase === 'Serving')
  const failed = failureOf(target, view.failures)
  const fallback = fallbackOf(view, target)
  const wanted = failed === undefined ? target : fallback
  const steps = openPort(view, target)
  if (failed !== undefined)
    steps.push(waitFor(target, `${contentName(target)} failed here: ${failed.message}`))

  const isWantedReady = instances.some(
    (model) => wanted !== undefined && isContent(model, wanted) && model.phase === 'Ready',
  )
  if (serving === undefined && fallback !== undefined && fallback !== wanted && !isWantedReady)
    steps.push(...bringUp(view, fallback, `it serves until ${contentName(target)} is ready`))
  if (wanted !== undefined && !(serving !== undefined && isContent(serving, wanted)))
    steps.push(...bringUp(view, wanted, reasonToRun(view, target, wanted)))

  const isUpdating = steps.some((step) => step.do !== 'wait')
  for (const model of instances)
    if (isLeftOver(model, { wanted, fallback, serving }))
      steps.push({
        do: 'drain-old',
        layer: target.name,
        when: 'now',
        instance: model.instance,
        reason: `${model.version} is no longer needed`,
      })
  if (isUpdating && serving !== undefined && steps.some((step) => step.do === 'switch-model'))
    steps.push({
      do: 'drain-old',
      layer: target.name,
      when: 'later',
      instance: serving.instance,
      reason: `${serving.version} finishes what it has`,
    })
  return steps
}

function openPort(view: View, target: SiteLayer): Step[] {
  const wanted = target.model?.port
  const open = view.current.ports[target.name]
  if (open !== undefined && (wanted === undefined || wanted === open)) return []
  const reason =
    open === undefined ? 'its clients need an address' : `the site spec moves it from ${open}`
  return [{ do: 'open-port', layer: target.name, when: 'now', port: wanted, reason }]
}

/** What served here before, if it is not what is asked for and its file is still here. */
function fallbackOf({ current }: View, target: SiteLayer): SiteLayer | undefined {
  const good = current.kept[target.name]?.good
  if (good === undefined || good.type !== 'model' || isSameContent(good, target)) return undefined
  return current.blobs.includes(good.digest) ? good : undefined
}

function reasonToRun(view: View, target: SiteLayer, wanted: SiteLayer): string {
  if (wanted !== target) return `it ran well before ${contentName(target)} failed`
  const serving = view.current.models.find(
    (model) => model.layer === target.name && model.phase === 'Serving',
  )
  return serving === undefined
    ? 'the site spec asks for it'
    : `the site spec asks for it instead of ${serving.version}`
}

/** From wherever this content is to where it serves. */
function bringUp(view: View, content: SiteLayer, reason: string): Step[] {
  const layer = content.name
  const start: Step = { do: 'start-model', layer, when: 'now', content, reason }
  const then: Step = {
    do: 'switch-model',
    layer,
    when: 'later',
    instance: '',
    content,
    reason: 'it answered its self-test',
  }
  const running = view.current.models.find(
    (model) =>
      isContent(model, content) && model.phase !== 'Draining' && model.phase !== 'Replaced',
  )
  if (running === undefined || running.phase === 'Ended') {
    if (!view.current.blobs.includes(content.digest))
      return [fetchBlob(view, content), { ...start, when: 'later' }, then]
    return running === undefined ? [start, then] : restart(view, content, running)
  }
  if (running.phase === 'Loading')
    return [waitFor(content, `${contentName(content)} is loading`), then]
  if (view.current.ports[layer] === undefined)
    return [waitFor(content, 'it is ready, but its address is not open'), then]
  return [{ ...then, when: 'now', instance: running.instance }]
}

function fetchBlob({ current }: View, content: SiteLayer): Step {
  const { digest, model } = content
  const fetching = current.fetching.find((fetch) => fetch.digest === digest)
  const name = contentName(content)
  if (fetching !== undefined)
    return waitFor(content, `${name} is being fetched from ${model?.repository ?? 'the hub'}`)
  const reason = `${name} is not on this disk`
  return { do: 'fetch-blob', layer: content.name, when: 'now', content, reason }
}

function restart(view: View, content: SiteLayer, ended: CurrentModel): Step[] {
  const kept = view.current.kept[content.name]
  // What served here once is good: if it does not now, something around it is broken.
  const isProven = [kept?.good, kept?.previous].some(
    (layer) => layer !== undefined && isSameContent(layer, content),
  )
  const layer = content.name
  const why = ended.message ?? 'its process ended'
  if (!isProven && (ended.isRefused === true || ended.crashes >= crashesBeforeBroken))
    return [
      {
        do: 'give-up',
        layer,
        when: 'now',
        instance: ended.instance,
        digest: content.digest,
        attempt: content.attempt,
        reason: why,
      },
    ]
  if ((ended.retryAtMs ?? 0) > view.nowMs)
    return [waitFor(content, `it is started again: ${why}`, ended.retryAtMs)]
  return [{ do: 'start-model', layer, when: 'now', content, reason: `again, as ${why}` }]
}

type Roles = {
  readonly wanted: SiteLayer | undefined
  readonly fallback: SiteLayer | undefined
  readonly serving: CurrentModel | undefined
}

function isLeftOver(model: CurrentModel, { wanted, fallback, serving }: Roles): boolean {
  if (model === serving || model.phase === 'Draining') return false
  if (model.phase === 'Replaced') return true
  if (wanted !== undefined && isContent(model, wanted)) return false
  const mayFallBack = fallback !== undefined && serving === undefined && isContent(model, fallback)
  return !mayFallBack
}

function waitFor(content: SiteLayer, reason: string, untilMs?: number): Step {
  return { do: 'wait', layer: content.name, when: 'now', untilMs, reason }
}
