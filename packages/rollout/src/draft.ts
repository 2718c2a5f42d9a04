import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import { setCondition } from '@skerry/api/condition'
import { type RolloutPolicy, rolloutPolicySchema } from '@skerry/api/kinds/rollout-policy'
import { applyDefaults } from '@skerry/api/schema-defaults'
import { toTimestamp } from '@skerry/base/clock'
import { cloneJson } from '@skerry/base/json'
import { planWaves } from './plan-waves.ts'
import { type RolloutFacts, type SiteFacts, compareNames } from './rollout-facts.ts'

export type RolloutPhase = NonNullable<RolloutStatus['phase']>
export type WaveStatus = NonNullable<RolloutStatus['waves']>[number]
export type RolloutSite = NonNullable<RolloutStatus['sites']>[number]
export type SiteState = RolloutSite['state']

/** Why a rollout does not go on: the reasons of its condition `Stopped`. */
export type StopReason =
  | 'Requested'
  | 'GateTimeout'
  | 'GateFailed'
  | 'SitesFailed'
  | 'Aborted'
  /** It could never go on, and goes on by itself once it could. */
  | 'Impossible'

/** Why a site whose turn has come may not change now, and until when, where that is known. */
export type Hold = {
  readonly reason: NonNullable<RolloutSite['hold']>
  readonly message: string
  readonly untilMs?: number
}

/** The status being made: a copy, so that nothing of the caller's is written to. */
export type Draft = {
  readonly rollout: Rollout
  /** That of the rollout, with what older hubs did not know filled in. */
  readonly policy: RolloutPolicy
  readonly facts: RolloutFacts
  readonly nowMs: number
  readonly now: string
  readonly siteFacts: ReadonlyMap<string, SiteFacts>
  /** What windows hold back, by part and time zone: worked out once for all sites. */
  readonly zoneHolds: Map<string, Hold | undefined>
  /** When the next thing happens that nobody reports: a window opens, a back-off ends. */
  wakeMs: number | undefined
  readonly status: RolloutStatus & {
    phase: RolloutPhase
    waves: WaveStatus[]
    sites: RolloutSite[]
    gates: NonNullable<RolloutStatus['gates']>
    handledRetries: number
  }
}

export const overPhases: readonly RolloutPhase[] = [
  'Succeeded',
  'RolledBack',
  'Failed',
  'Aborted',
  'Superseded',
]

export function isOver(phase: RolloutPhase | undefined): boolean {
  return phase !== undefined && overPhases.includes(phase)
}

/** The status as it was, with sites that left taken out and sites that joined put last. */
export function openDraft(rollout: Rollout, facts: RolloutFacts, nowMs: number): Draft {
  const before: RolloutStatus = cloneJson(rollout.status ?? {})
  const now = toTimestamp(nowMs)
  const policy = applyDefaults(rolloutPolicySchema, rollout.spec.policy) as RolloutPolicy
  const known = isToBePlanned(before) ? {} : before
  const planned = known.waves !== undefined
  const waves = known.waves ?? planWaves({ ...rollout.spec, policy }, facts.sites)
  const sites =
    known.sites ??
    waves.flatMap((wave) =>
      wave.sites.map((name): RolloutSite => ({ name, wave: wave.name, state: 'Waiting' })),
    )
  const draft: Draft = {
    rollout,
    policy,
    facts,
    nowMs,
    now,
    zoneHolds: new Map(),
    wakeMs: undefined,
    siteFacts: new Map(facts.sites.map((site) => [site.name, site])),
    status: {
      ...before,
      phase: before.phase ?? 'Pending',
      waves,
      sites,
      gates: before.gates ?? [],
      handledRetries: before.handledRetries ?? rollout.spec.control.retries,
      startedTime: before.startedTime ?? now,
    },
  }
  dropGone(draft)
  if (planned && !isOver(before.phase) && before.phase !== 'RollingBack') appendJoined(draft)
  return draft
}

/** What could not begin is planned anew: labels may have changed, and so may the policy. */
function isToBePlanned(before: RolloutStatus): boolean {
  const stop = before.conditions?.find((each) => each.type === 'Stopped')
  return (
    stop?.status === 'True' &&
    stop.reason === 'Impossible' &&
    (before.waves ?? []).every(({ startedTime }) => startedTime === undefined) &&
    (before.sites ?? []).every(({ state }) => state === 'Waiting')
  )
}

function dropGone({ status, siteFacts }: Draft): void {
  status.sites = status.sites.filter((site) => siteFacts.has(site.name))
  for (const wave of status.waves) wave.sites = wave.sites.filter((name) => siteFacts.has(name))
  status.waves = status.waves.filter((wave) => wave.sites.length > 0 || wave.state !== 'Waiting')
}

function appendJoined({ status, facts }: Draft): void {
  const known = new Set(status.sites.map((site) => site.name))
  const joined = facts.sites.filter((site) => !known.has(site.name)).map((site) => site.name)
  if (joined.length === 0) return
  let last = status.waves.at(-1)
  if (last === undefined || last.state === 'Passed') {
    last = { name: unusedName(status.waves, 'joined'), sites: [], state: 'Waiting' }
    status.waves.push(last)
  }
  // A site that joins a wave under way goes along with it, as one that was offline would.
  const state = last.state === 'Waiting' ? 'Waiting' : 'Parked'
  for (const name of joined.toSorted(compareNames)) {
    last.sites.push(name)
    status.sites.push({ name, wave: last.name, state })
  }
}

export function unusedName(waves: readonly { name: string }[], wish: string): string {
  const taken = new Set(waves.map((wave) => wave.name))
  let name = wish
  for (let at = 2; taken.has(name); at += 1) name = `${wish}-${at}`
  return name
}

/** Moves a site to a state, remembering since when. Saying the same again changes nothing. */
export function setSite(draft: Draft, site: RolloutSite, state: SiteState, message: string): void {
  if (site.state !== state) site.changedTime = draft.now
  site.state = state
  site.message = message
  delete site.hold
}

/** Says why a site waits, and sees to it that somebody looks again when that ends. */
export function setHold(draft: Draft, site: RolloutSite, { reason, message, untilMs }: Hold): void {
  site.hold = reason
  site.message = message
  if (untilMs !== undefined) wakeAt(draft, untilMs)
}

export function wakeAt(draft: Draft, atMs: number): void {
  draft.wakeMs = Math.min(draft.wakeMs ?? Infinity, atMs)
}

/** The attempt that a site is in: its own, where it was tried more often than the others. */
export function attemptOf({ status }: Draft, site: RolloutSite): number {
  return Math.max(site.attempt ?? 0, status.handledRetries)
}

/** Whether sites go back now. */
export function isBackwards(phase: RolloutPhase): boolean {
  return ['RollingBack', 'RolledBack', 'Failed', 'Aborted'].includes(phase)
}

export function setStopped(draft: Draft, reason: StopReason, message: string): void {
  setCond(draft, 'True', reason, message)
}

export function setRunning(draft: Draft): void {
  if (stopOf(draft) !== undefined) setCond(draft, 'False', 'Running', 'It goes on.')
}

function setCond(draft: Draft, status: 'True' | 'False', reason: string, message: string): void {
  draft.status.conditions = setCondition(
    draft.status.conditions,
    { type: 'Stopped', status, reason, message },
    draft.nowMs,
  )
}

/** Why it does not go on, and since when; undefined while it does. */
export function stopOf({ status }: Draft) {
  const condition = status.conditions?.find((each) => each.type === 'Stopped')
  return condition?.status === 'True'
    ? {
        reason: condition.reason as StopReason,
        message: condition.message,
        since: condition.lastTransitionTime,
      }
    : undefined
}

export function setPhase(draft: Draft, phase: RolloutPhase, message: string): void {
  draft.status.phase = phase
  draft.status.message = message
  if (isOver(phase)) draft.status.finishedTime ??= draft.now
  else delete draft.status.finishedTime
}

export function sitesOf(draft: Draft, wave: WaveStatus): RolloutSite[] {
  return draft.status.sites.filter((site) => site.wave === wave.name)
}

export function factsOf(draft: Draft, name: string): SiteFacts {
  const facts = draft.siteFacts.get(name)
  if (facts === undefined) throw new Error(`Broken assumption: no facts of site ${name}`)
  return facts
}

/** Milliseconds since a time of the status; 0 when it is absent. */
export function elapsedMs(draft: Draft, since: string | undefined): number {
  return since === undefined ? 0 : draft.nowMs - Date.parse(since)
}

/**
 * Nothing runs yet that could be compared or gone back to; or the sites return to the revision that
 * passed its gates already.
 */
export function isUngated({ rollout }: Draft): boolean {
  const { previousRevision, revision } = rollout.spec
  return previousRevision === undefined || previousRevision === revision
}

export function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
