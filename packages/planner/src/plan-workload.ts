import type { SiteLayer } from '@skerry/api/site-spec'
import { type View, portsKey } from './site-state.ts'
import { type Step, contentName } from './step.ts'

/** The steps of one workload layer; `below` are those of the layers under it. */
export function planWorkload(view: View, target: SiteLayer, below: readonly Step[]): Step[] {
  const layer = target.name
  const running = view.current.workloads.find((workload) => workload.layer === layer)
  const start = (when: Step['when'], reason: string): Step => ({
    do: 'start-workload',
    layer,
    when,
    content: target,
    reason,
  })
  const wait = (reason: string, untilMs?: number): Step => ({
    do: 'wait',
    layer,
    when: 'now',
    untilMs,
    reason,
  })

  if (running === undefined) {
    const blocker = missingBelow(view, target)
    return blocker === undefined
      ? [start('now', 'the site spec asks for it')]
      : [wait(`${blocker}, which it may need, does not serve yet`), start('later', 'in order')]
  }
  if (running.phase === 'Stopping')
    return [wait('it is stopping'), start('later', 'the site spec asks for it')]

  const change = changeOf(view, target, running)
  if (change !== undefined) {
    const isWaiting = below.some((step) => step.do === 'switch-model' || step.do === 'open-port')
    if (isWaiting) return [wait('the layers below come first'), start('later', change)]
    return [
      { do: 'stop-layer', layer, when: 'now', isWanted: true, reason: change },
      start('later', change),
    ]
  }
  if (running.phase === 'Starting') return [wait('it has only just started', running.retryAtMs)]
  if (running.phase === 'Running') return []
  const why = running.message ?? 'it ended'
  if ((running.retryAtMs ?? 0) > view.nowMs)
    return [wait(`it is started again: ${why}`, running.retryAtMs)]
  return [
    { do: 'restart-workload', layer, when: 'now', content: target, reason: `again, as ${why}` },
  ]
}

function changeOf(
  view: View,
  target: SiteLayer,
  running: { readonly digest: string; readonly portsKey: string },
): string | undefined {
  if (running.digest !== target.digest)
    return `the site spec asks for ${contentName(target)} instead`
  // Ports of layers that are on their way out do not matter.
  const wanted = new Set(view.target.layers.map((layer) => layer.name))
  const ports = Object.entries(view.current.ports).filter(([name]) => wanted.has(name))
  const now = portsKey(Object.fromEntries(ports))
  const missing = now.split(' ').filter((entry) => !running.portsKey.split(' ').includes(entry))
  return now === '' || missing.length === 0
    ? undefined
    : `the address of a model changed: ${missing.join(' ')}`
}

/** A model layer below that serves nothing yet, but soon may. */
function missingBelow({ current, target, failures }: View, layer: SiteLayer): string | undefined {
  const below = target.layers.slice(0, target.layers.indexOf(layer))
  return below.find((lower) => {
    if (lower.type !== 'model') return false
    if (current.ports[lower.name] === undefined) return !isHeld(current.held, lower.name)
    const models = current.models.filter((model) => model.layer === lower.name)
    if (models.some((model) => model.phase === 'Serving')) return false
    const isBroken =
      models.some((model) => model.phase === 'Ended') ||
      failures.some((failed) => failed.digest === lower.digest && failed.attempt >= lower.attempt)
    return !isBroken && !isHeld(current.held, lower.name)
  })?.name
}

/** A step that did not succeed is no reason to keep others waiting. */
function isHeld(held: Readonly<Record<string, unknown>>, layer: string): boolean {
  return Object.keys(held).some((key) => key.split(' ')[1] === layer)
}
