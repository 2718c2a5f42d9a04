import type { GateResult } from '@skerry/api/kinds/rollout'
import { toTimestamp } from '@skerry/base/clock'
import {
  type Draft,
  type RolloutSite,
  type WaveStatus,
  countOf,
  elapsedMs,
  factsOf,
  isUngated,
  setPhase,
  setSite,
  sitesOf,
} from './draft.ts'
import { askReached } from './ask-sites.ts'
import { byFitness, isOnline } from './rollout-facts.ts'
import { failWave, pause } from './stop-rollout.ts'
import { byWhom } from './site-requests.ts'
import { judgeWave } from './wave-gates.ts'
import { approvalWanted, requestsFor, termsOf } from './wave-terms.ts'

/** Goes through the waves in order, as far as they let it. */
export function progressWaves(draft: Draft): void {
  setPhase(draft, 'Progressing', draft.status.message ?? '')
  if (draft.status.sites.length === 0) draft.status.waves = []
  askReached(draft)
  for (let at = 0; at < draft.status.waves.length; at += 1) {
    const wave = draft.status.waves[at]!
    if (wave.state === 'Passed') continue
    draft.status.wave = wave.name
    stepWave(draft, wave)
    if ((wave.state as string) !== 'Passed') return
  }
  succeed(draft)
}

function succeed(draft: Draft): void {
  setPhase(draft, 'Succeeded', successMessage(draft))
}

/** Said again as sites that were offline catch up. */
export function successMessage(draft: Draft): string {
  const { sites } = draft.status
  if (sites.length === 0) return 'The fleet has no sites yet: those that join get this revision.'
  const parked = sites.filter((site) => site.state === 'Parked')
  const updated = sites.filter((site) => site.state === 'Updated').length
  const offline = parked.filter((site) => site.hold === undefined).length
  const waiting = sites.filter((site) => site.state === 'Waiting').length
  const held = parked.length - offline + waiting
  const rest = offline === 0 ? '' : ` ${countOf(offline, 'site')} offline will catch up.`
  const later = held === 0 ? '' : ` ${countOf(held, 'site')} will follow when they may.`
  return `${countOf(updated, 'site')} of ${sites.length} updated.${rest}${later}`
}

function stepWave(draft: Draft, wave: WaveStatus): void {
  if (wave.state === 'Waiting') startWave(draft, wave)
  if (wave.state !== 'Updating' && wave.state !== 'Soaking') return
  const gates = recordGates(draft, wave)
  if (stopOnFailures(draft, wave, gates)) return
  if (passIfPromoted(draft, wave)) return
  if (wave.state === 'Updating') finishUpdating(draft, wave)
  if ((wave.state as string) === 'Soaking') finishSoaking(draft, wave, gates)
}

function startWave(draft: Draft, wave: WaveStatus): void {
  const wanted = approvalWanted(draft, wave)
  if (wanted !== undefined) {
    draft.status.message = wanted
    return
  }
  const isAnyOnline = () => wave.sites.some((name) => isOnline(factsOf(draft, name)))
  const pulled = isAnyOnline() ? [] : pullOnline(draft, wave)
  if (!isAnyOnline()) {
    park(draft, wave)
    return passIfNobodyIsThere(draft, wave)
  }
  wave.state = 'Updating'
  wave.startedTime = draft.now
  draft.status.message = startMessage(draft, wave, pulled)
  askReached(draft)
}

/** A person has seen enough. What has failed has failed, whoever says otherwise. */
function passIfPromoted(draft: Draft, wave: WaveStatus): boolean {
  const promoted = requestsFor(draft, wave, 'Promote').at(-1)
  if (promoted === undefined) return false
  if (!sitesOf(draft, wave).some((site) => site.state === 'Updated')) return false
  wave.state = 'Passed'
  draft.status.message = `Wave ${wave.name} was promoted ${byWhom(promoted)}.`
  return true
}

function startMessage(draft: Draft, wave: WaveStatus, pulled: readonly string[]): string {
  const sites = countOf(wave.sites.length, 'site')
  if (draft.rollout.spec.previousRevision === undefined)
    return `First revision of this fleet: it goes to ${sites} at once, without canary, soak or gates, as nothing runs there yet.`
  if (isUngated(draft))
    return `Return to ${draft.rollout.spec.revision}, which has passed its gates before: ${sites} at once.`
  const instead =
    pulled.length === 0 ? '' : ` Its own sites are offline: ${pulled.join(', ')} instead.`
  return `Wave ${wave.name}: updating ${sites}.${instead}`
}

function park(draft: Draft, wave: WaveStatus): void {
  for (const site of sitesOf(draft, wave))
    if (site.state === 'Waiting' && !isOnline(factsOf(draft, site.name)))
      setSite(draft, site, 'Parked', 'is offline: it catches up when it returns')
}

/** Sites of later waves that are online, to stand in where nobody is. Returns their names. */
function pullOnline(draft: Draft, wave: WaveStatus): string[] {
  const { status } = draft
  if (termsOf(draft, wave).isChosen) return []
  const later = new Set(
    status.waves
      .slice(status.waves.indexOf(wave) + 1)
      .filter((each) => each.state === 'Waiting' && approvalWanted(draft, each) === undefined)
      .map((each) => each.name),
  )
  const pulled = status.sites
    .filter(
      (site) =>
        later.has(site.wave) && site.state === 'Waiting' && isOnline(factsOf(draft, site.name)),
    )
    .toSorted((left, right) => byFitness(factsOf(draft, left.name), factsOf(draft, right.name)))
    .slice(0, Math.max(1, wave.sites.length))
  const names = new Set(pulled.map((site) => site.name))
  for (const each of status.waves)
    if (later.has(each.name)) each.sites = each.sites.filter((name) => !names.has(name))
  for (const site of pulled) site.wave = wave.name
  wave.sites.push(...names)
  status.waves = status.waves.filter((each) => each.sites.length > 0 || each.state !== 'Waiting')
  return [...names]
}

/** Offline sites never block: behind a wave that has passed, or where nothing is gated. */
function passIfNobodyIsThere(draft: Draft, wave: WaveStatus): void {
  const { waves } = draft.status
  const before = waves[waves.indexOf(wave) - 1]
  if (before?.state === 'Passed' || isUngated(draft)) wave.state = 'Passed'
  else
    draft.status.message =
      'No site of the fleet is online: the canary starts with the first that is.'
}

function recordGates(draft: Draft, wave: WaveStatus): GateResult[] {
  const gates = judgeWave(draft, wave)
  draft.status.gates = [...draft.status.gates.filter((each) => each.wave !== wave.name), ...gates]
  return gates
}

function stopOnFailures(draft: Draft, wave: WaveStatus, gates: readonly GateResult[]): boolean {
  const failedGate = gates.find((gate) => gate.verdict === 'Fail')
  if (failedGate !== undefined) {
    failWave(draft, wave, 'GateFailed', `${failedGate.message}.`)
    return true
  }
  const failed = sitesOf(draft, wave).filter((site) => site.state === 'Failed')
  const { maxFailedSites } = termsOf(draft, wave)
  if (failed.length <= maxFailedSites) return false
  const first = failed[0]!
  failWave(
    draft,
    wave,
    'SitesFailed',
    `It failed at ${countOf(failed.length, 'site')}, ${maxFailedSites} allowed: ${first.name}: ${first.message ?? 'no reason given'}.`,
  )
  return true
}

function finishUpdating(draft: Draft, wave: WaveStatus): void {
  const has = (state: string) => sitesOf(draft, wave).some((site) => site.state === state)
  const held = sitesOf(draft, wave).filter((site) => site.state === 'Waiting')
  if (held.length > 0 && !isTooLong(draft, wave)) return tellHeld(draft, wave, held)
  if (held.length > 0 && !has('Updating') && !has('Updated'))
    return pauseHeld(draft, wave, held[0]!)
  for (const site of held) leaveBehind(draft, site)
  if (has('Updating')) return
  if (!has('Updated')) return replaceSites(draft, wave)
  wave.state = 'Soaking'
  wave.soakStartedTime = draft.now
}

/** Since it began, or since a person said that it should go on. */
function isTooLong(draft: Draft, wave: WaveStatus): boolean {
  const running = draft.status.conditions?.find(({ type }) => type === 'Stopped')
  const resumedMs = running === undefined ? Infinity : elapsedMs(draft, running.lastTransitionTime)
  const waitedMs = Math.min(elapsedMs(draft, wave.startedTime), resumedMs)
  return waitedMs > draft.policy.waitLimitSeconds * 1000
}

function tellHeld(draft: Draft, wave: WaveStatus, held: readonly RolloutSite[]): void {
  const first = held[0]!
  const done = sitesOf(draft, wave).filter((site) => site.state === 'Updated').length
  draft.status.message = `Wave ${wave.name}: ${done} of ${countOf(wave.sites.length, 'site')} updated, ${held.length} held back. Site ${first.name} ${first.message ?? ''}.`
}

function pauseHeld(draft: Draft, wave: WaveStatus, first: RolloutSite): void {
  pause(
    draft,
    'GateTimeout',
    `Wave ${wave.name} could not begin within ${draft.policy.waitLimitSeconds} s. Site ${first.name} ${first.message ?? ''}. Paused: resume to wait longer, or abort.`,
  )
}

/** It no longer holds up its wave, and follows when it may. */
function leaveBehind(draft: Draft, site: RolloutSite): void {
  const { hold, message = '' } = site
  setSite(draft, site, 'Parked', message)
  if (hold !== undefined) site.hold = hold
}

/** Nobody in the wave runs the new revision, so nothing can be learnt from it. */
function replaceSites(draft: Draft, wave: WaveStatus): void {
  const pulled = pullOnline(draft, wave)
  if (pulled.length > 0) {
    draft.status.message = startMessage(draft, wave, pulled)
    askReached(draft)
    // At least one site was pulled, so this comes to an end.
    return stepWave(draft, wave)
  }
  if (sitesOf(draft, wave).every((site) => site.state === 'Parked')) {
    wave.state = 'Waiting'
    delete wave.startedTime
    return passIfNobodyIsThere(draft, wave)
  }
  failWave(draft, wave, 'SitesFailed', 'No site of it runs the new revision.')
}

function finishSoaking(draft: Draft, wave: WaveStatus, gates: readonly GateResult[]): void {
  const { policy } = draft
  const { soakSeconds } = termsOf(draft, wave)
  const soakedMs = elapsedMs(draft, wave.soakStartedTime)
  const open = gates.filter((gate) => gate.verdict !== 'Pass')
  const sick = sitesOf(draft, wave)
    .filter((site) => site.state === 'Updated')
    .map((site) => factsOf(draft, site.name))
    .find((facts) => isOnline(facts) && facts.health === 'Failed')
  const isSoaked = soakedMs >= soakSeconds * 1000
  if (isSoaked && open.length === 0 && sick === undefined) {
    wave.state = 'Passed'
    draft.status.message = `Wave ${wave.name} passed.`
    return
  }
  const waitsFor =
    sick !== undefined
      ? `site ${sick.name} is Failed${sick.healthMessage === undefined ? '' : `: ${sick.healthMessage}`}`
      : open[0]?.message
  if (soakedMs > Math.max(soakSeconds, policy.gateTimeoutSeconds) * 1000)
    return pause(
      draft,
      'GateTimeout',
      `Wave ${wave.name} could not be judged within ${policy.gateTimeoutSeconds} s: ${waitsFor ?? ''}. Paused: resume to wait longer, or abort.`,
    )
  const until = toTimestamp(Date.parse(wave.soakStartedTime!) + soakSeconds * 1000)
  draft.status.message = isSoaked
    ? `Wave ${wave.name} waits: ${waitsFor ?? ''}.`
    : `Wave ${wave.name} soaks until ${until}; ${gates.length - open.length} of ${countOf(gates.length, 'gate')} passed.`
}
