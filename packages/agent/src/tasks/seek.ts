import type { SiteSpec } from '@skerry/api/site-spec'
import { equalJson } from '@skerry/base/json'
import { assessSite } from '@skerry/planner/assess-site'
import { planSite } from '@skerry/planner/plan-site'
import {
  type CurrentSite,
  type FailedContent,
  type TargetSite,
  failureOf,
} from '@skerry/planner/site-state'
import {
  type Plan,
  type Step,
  type StepName,
  explainPlan,
  nextStep,
  stepKey,
  wakeAtMs,
} from '@skerry/planner/step'
import type { Bus, ReadableBus } from '../bus.ts'
import type { ConnectionState, CurrentState, TargetState } from '../buses.ts'
import { firstOf } from '../first-of.ts'
import type { HeldSteps } from '../held-steps.ts'
import type { Host } from '../host.ts'
import { sameStepInARowMax } from '../limits.ts'
import { seekRoundMsMax } from '../os/limits.ts'
import { makeOsReport } from '../os/os-report.ts'
import { type SiteMachinery, executeStep } from '../step-executor.ts'

export type SeekOptions = {
  readonly host: Host
  readonly target: ReadableBus<TargetState>
  readonly connection: ReadableBus<ConnectionState>
  readonly current: Bus<CurrentState>
  /** Something happened at the site: look again. */
  readonly happened: ReadableBus<undefined>
  readonly machinery: SiteMachinery
  readonly held: HeldSteps
}

/**
 * Makes the site what the target says: look, plan, do one safe step, look again. Nothing is resumed and
 * nothing is remembered from one look to the next, save what did not succeed.
 */
export async function seek(options: SeekOptions, signal: AbortSignal): Promise<void> {
  const seen = { step: '', times: 0, target: -1, link: undefined as unknown }
  while (!signal.aborted) {
    const versions = versionsOf(options)
    options.host.image?.pulse.beat('seek')
    releaseHeld(options, seen)
    const plan = look(options)
    const step = nextStep(plan)
    if (step === undefined) {
      seen.times = 0
      await rest(options, { versions, untilMs: wakeAtMs(plan) }, signal)
      continue
    }
    const key = stepKey(step)
    seen.times = key === seen.step ? seen.times + 1 : 1
    seen.step = key
    if (seen.times > sameStepInARowMax) options.held.hold(key, 'it changes nothing')
    else await take(options, step)
  }
}

/** Looks at the site, tells what it sees, and plans. */
function look({ host, target, current, machinery, held }: SeekOptions): Plan {
  const { record } = machinery
  const { spec } = target.get()
  const site = observe(machinery, held)
  const wanted = targetOf(spec, site)
  const plan = planSite(site, wanted, record.failures(), host.clock.monotonicMs())
  const needed = new Set(wanted?.layers.map((layer) => layer.digest))
  const ahead = (wanted?.prefetch?.layers ?? []).map((layer) => layer.digest)
  // What may be fetched ahead stops when its window closes; what came of it stays.
  const mayFetch = wanted?.prefetch?.isOpen === true ? ahead : []
  machinery.fetcher.keepOnly(new Set([...needed, ...mayFetch]))
  machinery.os?.keepOnly(needed)
  const state: CurrentState = {
    ...assessSite(site, wanted, record.failures()),
    ...(spec === undefined ? {} : { target: { epoch: spec.epoch, revision: spec.revision } }),
    applied: record.applied(),
    failures: record.failures(),
    plan: explainPlan(plan),
    ports: site.ports,
    ...(ahead.length === 0 ? {} : { fetched: ahead.filter((each) => site.blobs.includes(each)) }),
    ...osOf({ host, site, plan, wanted, failures: record.failures() }),
  }
  if (!equalJson(state, current.get())) current.set(state)
  return plan
}

type OsView = {
  readonly host: Host
  readonly site: CurrentSite
  readonly plan: Plan
  readonly wanted: TargetSite | undefined
  readonly failures: readonly FailedContent[]
}

function osOf({ host, site, plan, wanted, failures }: OsView): Pick<CurrentState, 'os'> {
  if (host.image === undefined || site.os === undefined) return {}
  const layer = wanted?.layers.find((each) => each.type === 'os')
  const isFailed = layer !== undefined && failureOf(layer, failures) !== undefined
  const known = host.image.os.observe().report
  return { os: makeOsReport({ known, os: site.os, plan, wanted: layer, isFailed }) }
}

function observe(
  { blobs, fetcher, models, workloads, record, os }: SiteMachinery,
  held: HeldSteps,
): CurrentSite {
  return {
    blobs: blobs.complete(),
    partials: blobs.partials(),
    fetching: fetcher.fetching(),
    ports: models.ports(),
    models: models.observe(),
    workloads: workloads.observe(),
    kept: record.kept(),
    applied: record.applied(),
    os: os?.observe(),
    held: held.get(),
  }
}

/** Without a spec the site goes on with what it ran. */
function targetOf(spec: SiteSpec | undefined, site: CurrentSite): TargetSite | undefined {
  if (spec !== undefined)
    return {
      version: { epoch: spec.epoch, revision: spec.revision },
      layers: spec.layers,
      ...(spec.prefetch === undefined ? {} : { prefetch: spec.prefetch }),
      timeZone: spec.timeZone,
      issuedMs: Date.parse(spec.issuedTime),
    }
  const layers = Object.values(site.kept).map((kept) => kept.good)
  return layers.length === 0 ? undefined : { layers: layers.toSorted(modelsFirst) }
}

function modelsFirst(left: { readonly type: string }, right: { readonly type: string }): number {
  return Number(left.type !== 'model') - Number(right.type !== 'model')
}

const beginningSteps: ReadonlySet<StepName> = new Set(['fetch-blob', 'install-os'])

async function take({ host, machinery, held }: SeekOptions, step: Step): Promise<void> {
  const key = stepKey(step)
  host.log.info(`Step: ${key}`, { reason: step.reason })
  const outcome = await executeStep(machinery, step)
  if (outcome.ok) {
    // A fetch has only begun: it says itself how it ended.
    if (!beginningSteps.has(step.do)) held.release(key)
    return
  }
  host.log.warn(`Step failed: ${key}`, { reason: outcome.message })
  held.hold(key, outcome.message)
}

/** A new target, or a link that is back, is a reason to try again at once. */
function releaseHeld(
  { target, connection, held }: SeekOptions,
  seen: { target: number; link: unknown },
): void {
  const { link } = connection.get()
  if (target.version !== seen.target) held.releaseAll()
  else if (link !== seen.link && link !== undefined)
    held.releaseAll((key) => key.startsWith('fetch-blob ') || key.startsWith('install-os '))
  seen.target = target.version
  seen.link = link
}

type Versions = readonly [target: number, connection: number, happened: number]

function versionsOf({ target, connection, happened }: SeekOptions): Versions {
  return [target.version, connection.version, happened.version]
}

type Rest = { readonly versions: Versions; readonly untilMs: number | undefined }

/** Until something happens, or until it is time. */
async function rest(
  { host, target, connection, happened }: SeekOptions,
  { versions, untilMs }: Rest,
  signal: AbortSignal,
): Promise<void> {
  // Whoever feeds a watchdog wants to see this loop turn.
  const roundMs = host.image === undefined ? Infinity : seekRoundMsMax
  const dueMs = untilMs === undefined ? Infinity : Math.max(1, untilMs - host.clock.monotonicMs())
  const restMs = Math.min(roundMs, dueMs)
  const untilDue = (either: AbortSignal): Promise<void>[] =>
    restMs === Infinity ? [] : [host.clock.sleep(restMs, either)]
  await firstOf(signal, (either) => [
    target.changed(versions[0], either),
    connection.changed(versions[1], either),
    happened.changed(versions[2], either),
    ...untilDue(either),
  ])
}
