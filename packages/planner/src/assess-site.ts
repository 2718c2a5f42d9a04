import type { StatusReport } from '@skerry/api/device-protocol'
import type { SiteLayer } from '@skerry/api/site-spec'
import { judgeOs } from './assess-os.ts'
import { runsInFull } from './plan-site.ts'
import {
  type CurrentSite,
  type FailedContent,
  type TargetSite,
  crashesBeforeBroken,
  failureOf,
} from './site-state.ts'
import { contentName } from './step.ts'

export type LayerReport = StatusReport['layers'][number]

export type Assessment = {
  readonly health: StatusReport['health']
  readonly healthMessage?: string
  /** Whether nothing is left to do for the target, for better or worse. */
  readonly isSettled: boolean
  readonly layers: readonly LayerReport[]
}

export type Judged = {
  readonly report: LayerReport
  readonly verdict: 'Good' | 'Starting' | 'Shaken' | 'HeldBack' | 'Broken'
  readonly isSettled: boolean
}

/** How the site is, truthfully: what runs, what does not, and why. */
export function assessSite(
  current: CurrentSite,
  target: TargetSite | undefined,
  failures: readonly FailedContent[],
): Assessment {
  if (target === undefined)
    return {
      health: 'Unknown',
      healthMessage: 'no site spec has come yet',
      isSettled: false,
      layers: [],
    }
  const judged = target.layers.map((layer) => {
    if (layer.type === 'os') return judgeOs({ current, layer, target, failures })
    return layer.type === 'model'
      ? judgeModel(current, layer, failures)
      : judgeWorkload(current, layer)
  })
  const leftOver = leftOverReports(current, target)
  return {
    ...healthOf(judged),
    isSettled: judged.every((each) => each.isSettled) && leftOver.length === 0,
    layers: [...judged.map((each) => each.report), ...leftOver],
  }
}

function healthOf(judged: readonly Judged[]): Pick<Assessment, 'health' | 'healthMessage'> {
  const sentence = (verdict: Judged['verdict']) => {
    const found = judged.find((each) => each.verdict === verdict)
    return found && `${found.report.name}: ${found.report.message ?? found.report.state}`
  }
  const broken = sentence('Broken')
  if (broken !== undefined) return { health: 'Failed', healthMessage: broken }
  const shaken = sentence('Shaken') ?? sentence('HeldBack')
  if (shaken !== undefined) return { health: 'Degraded', healthMessage: shaken }
  const starting = sentence('Starting')
  if (starting !== undefined) return { health: 'Unknown', healthMessage: starting }
  return { health: 'Healthy' }
}

function judgeModel(
  current: CurrentSite,
  layer: SiteLayer,
  failures: readonly FailedContent[],
): Judged {
  const failed = failureOf(layer, failures)
  const held = heldMessage(current, layer.name)
  const models = current.models.filter((model) => model.layer === layer.name)
  const serving = models.find((model) => model.phase === 'Serving')
  const name = contentName(layer)
  const base = { name: layer.name, type: layer.type }
  if (serving !== undefined) {
    const isTarget = runsInFull(current, layer)
    const progress = held ?? `${name} is on its way`
    const message = failed === undefined ? progress : `${name} failed: ${failed.message}`
    return {
      report: {
        ...base,
        version: serving.version,
        digest: serving.digest,
        state: 'Running',
        restarts: serving.restarts,
        ...(isTarget ? {} : { message: clip(message) }),
      },
      verdict: isTarget || failed === undefined ? 'Good' : 'HeldBack',
      isSettled: isTarget || failed !== undefined,
    }
  }
  const ended = models.find((model) => model.phase === 'Ended')
  if (ended !== undefined) {
    const isBroken = ended.crashes >= crashesBeforeBroken
    const message = clip(ended.message ?? 'its process ended')
    const { version, restarts } = ended
    return {
      report: { ...base, version, restarts, message, state: isBroken ? 'Failed' : 'Starting' },
      verdict: isBroken ? 'Broken' : 'Shaken',
      isSettled: isBroken,
    }
  }
  return judgeAbsentModel(current, layer, { failed, held })
}

/** A model without an address serves nobody, however ready it is. */
function portProblem(current: CurrentSite, layer: string): string | undefined {
  return Object.entries(current.held).find(([key]) => {
    const [name, subject] = key.split(' ')
    return name === 'open-port' && subject === layer
  })?.[1].message
}

function judgeAbsentModel(
  current: CurrentSite,
  layer: SiteLayer,
  why: { readonly failed: FailedContent | undefined; readonly held: string | undefined },
): Judged {
  const base = { name: layer.name, type: layer.type, version: contentName(layer) }
  const closed = portProblem(current, layer.name)
  if (closed !== undefined && current.ports[layer.name] === undefined)
    return {
      report: { ...base, state: 'Failed', message: clip(closed) },
      verdict: 'Broken',
      isSettled: false,
    }
  const isLoading = current.models.some(
    (model) => model.layer === layer.name && ['Loading', 'Ready'].includes(model.phase),
  )
  if (isLoading)
    return {
      report: { ...base, state: 'Starting', message: `${base.version} is loading` },
      verdict: 'Starting',
      isSettled: false,
    }
  if (why.failed !== undefined)
    return {
      report: { ...base, state: 'Failed', message: clip(why.failed.message) },
      verdict: 'Broken',
      isSettled: !current.blobs.includes(current.kept[layer.name]?.good.digest ?? ''),
    }
  if (why.held !== undefined)
    return {
      report: { ...base, state: 'Failed', message: clip(why.held) },
      verdict: 'Broken',
      isSettled: false,
    }
  const fetching = current.fetching.find((fetch) => fetch.digest === layer.digest)
  return {
    report:
      fetching === undefined
        ? { ...base, state: 'Pending', message: 'it has not been started yet' }
        : { ...base, state: 'Fetching', message: progressOf(layer, fetching.receivedBytes) },
    verdict: 'Starting',
    isSettled: false,
  }
}

function judgeWorkload(current: CurrentSite, layer: SiteLayer): Judged {
  const base = { name: layer.name, type: layer.type }
  const running = current.workloads.find((workload) => workload.layer === layer.name)
  if (running === undefined) {
    const held = heldMessage(current, layer.name)
    return {
      report: {
        ...base,
        state: held === undefined ? 'Pending' : 'Failed',
        message: clip(held ?? 'it has not been started yet'),
      },
      verdict: held === undefined ? 'Starting' : 'Broken',
      isSettled: false,
    }
  }
  const { digest, restarts } = running
  const isTarget = digest === layer.digest
  if (running.phase === 'Running')
    return {
      report: { ...base, digest, restarts, state: 'Running' },
      verdict: 'Good',
      isSettled: isTarget,
    }
  if (running.phase === 'Stopping')
    return {
      report: { ...base, digest, restarts, state: 'Stopped', message: 'it is being replaced' },
      verdict: 'Starting',
      isSettled: false,
    }
  const isBroken = running.crashes >= crashesBeforeBroken
  const message = clip(running.message ?? 'it has only just started')
  return {
    report: { ...base, digest, restarts, message, state: isBroken ? 'Failed' : 'Starting' },
    verdict: isBroken ? 'Broken' : running.crashes > 0 ? 'Shaken' : 'Starting',
    isSettled: isBroken && isTarget,
  }
}

/** What still runs although nothing asks for it. */
function leftOverReports(current: CurrentSite, target: TargetSite): LayerReport[] {
  const wanted = new Set(target.layers.map((layer) => layer.name))
  const message = 'the site spec no longer names it'
  const names = new Map<string, LayerReport>()
  for (const model of current.models)
    if (!wanted.has(model.layer))
      names.set(model.layer, {
        name: model.layer,
        type: 'model',
        version: model.version,
        digest: model.digest,
        state: 'Running',
        message,
      })
  for (const { layer, digest } of current.workloads)
    if (!wanted.has(layer))
      names.set(layer, { name: layer, type: 'workload', digest, state: 'Running', message })
  return [...names.values()]
}

function heldMessage(current: CurrentSite, layer: string): string | undefined {
  return Object.entries(current.held).find(([key]) => key.split(' ')[1] === layer)?.[1].message
}

function progressOf(layer: SiteLayer, receivedBytes: number): string {
  const sizeBytes = layer.model?.sizeBytes ?? 0
  const share = sizeBytes === 0 ? 0 : Math.floor((100 * receivedBytes) / sizeBytes)
  return `${contentName(layer)} is being fetched: ${share} %`
}

function clip(message: string): string {
  return message.slice(0, 2000)
}
