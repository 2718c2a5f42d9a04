import type { GateResult } from '@skerry/api/kinds/rollout'
import { toTimestamp } from '@skerry/base/clock'
import {
  type Draft,
  type WaveStatus,
  countOf,
  elapsedMs,
  factsOf,
  isUngated,
  setPhase,
  setSite,
  sitesOf,
} from './draft.ts'
import { observeSites } from './observe-sites.ts'
import { byFitness, isOnline } from './rollout-facts.ts'
import { failWave, pause } from './stop-rollout.ts'
import { judgeWave } from './wave-gates.ts'

/** Goes through the waves in order, as far as they let it. */
export function progressWaves(draft: Draft): void {
  setPhase(draft, 'Progressing', draft.status.message ?? '')
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
  const parked = sites.filter((site) => site.state === 'Parked').length
  const updated = sites.filter((site) => site.state === 'Updated').length
  const rest = parked === 0 ? '' : ` ${countOf(parked, 'site')} offline will catch up.`
  return `${countOf(updated, 'site')} of ${sites.length} updated.${rest}`
}

function stepWave(draft: Draft, wave: WaveStatus): void {
  if (wave.state === 'Waiting') startWave(draft, wave)
  if (wave.state !== 'Updating' && wave.state !== 'Soaking') return
  const gates = recordGates(draft, wave)
  if (stopOnFailures(draft, wave, gates)) return
  if (wave.state === 'Updating') finishUpdating(draft, wave)
  if ((wave.state as string) === 'Soaking') finishSoaking(draft, wave, gates)
}

function startWave(draft: Draft, wave: WaveStatus): void {
  const isAnyOnline = () => wave.sites.some((name) => isOnline(factsOf(draft, name)))
  const pulled = isAnyOnline() ? [] : pullOnline(draft, wave)
  park(draft, wave)
  if (!isAnyOnline()) return passIfNobodyIsThere(draft, wave)
  wave.state = 'Updating'
  wave.startedTime = draft.now
  draft.status.message = startMessage(draft, wave, pulled)
  askOnline(draft, wave)
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

function askOnline(draft: Draft, wave: WaveStatus): void {
  for (const site of sitesOf(draft, wave)) {
    const facts = factsOf(draft, site.name)
    if (!isOnline(facts) || (site.state !== 'Waiting' && site.state !== 'Parked')) continue
    if (facts.assigned !== undefined) site.previousRevision = facts.assigned.profileRevision
    setSite(draft, site, 'Updating', 'was asked to change')
  }
  // What a site already runs, or has already failed at, is known without asking.
  observeSites(draft)
}

function park(draft: Draft, wave: WaveStatus): void {
  for (const site of sitesOf(draft, wave))
    if (site.state === 'Waiting' && !isOnline(factsOf(draft, site.name)))
      setSite(draft, site, 'Parked', 'is offline: it catches up when it returns')
}

/** Sites of later waves that are online, to stand in where nobody is. Returns their names. */
function pullOnline(draft: Draft, wave: WaveStatus): string[] {
  const { status } = draft
  const later = new Set(
    status.waves
      .slice(status.waves.indexOf(wave) + 1)
      .filter((each) => each.state === 'Waiting')
      .map((each) => each.name),
  )
  const pulled = status.sites
    .filter((site) => later.has(site.wave) && isOnline(factsOf(draft, site.name)))
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
  const { maxFailedSites } = draft.rollout.spec.policy
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
  if (has('Updating')) return
  if (!has('Updated')) return replaceSites(draft, wave)
  wave.state = 'Soaking'
  wave.soakStartedTime = draft.now
}

/** Nobody in the wave runs the new revision, so nothing can be learnt from it. */
function replaceSites(draft: Draft, wave: WaveStatus): void {
  const pulled = pullOnline(draft, wave)
  if (pulled.length > 0) {
    draft.status.message = startMessage(draft, wave, pulled)
    return askOnline(draft, wave)
  }
  if (sitesOf(draft, wave).every((site) => site.state === 'Parked')) {
    wave.state = 'Waiting'
    delete wave.startedTime
    return passIfNobodyIsThere(draft, wave)
  }
  failWave(draft, wave, 'SitesFailed', 'No site of it runs the new revision.')
}

function finishSoaking(draft: Draft, wave: WaveStatus, gates: readonly GateResult[]): void {
  const { policy } = draft.rollout.spec
  const soakSeconds = isUngated(draft)
    ? 0
    : (policy.waves.find((each) => each.name === wave.name)?.soakSeconds ?? policy.soakSeconds)
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
