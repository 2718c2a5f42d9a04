import {
  type Draft,
  type RolloutSite,
  type StopReason,
  type WaveStatus,
  countOf,
  elapsedMs,
  factsOf,
  isUngated,
  setPhase,
  setRunning,
  setSite,
  setStopped,
  sitesOf,
  stopOf,
} from './draft.ts'
import { isOnline } from './rollout-facts.ts'

/** Everything by which a rollout stops, goes back, and starts again. */

export function failWave(draft: Draft, wave: WaveStatus, reason: StopReason, why: string): void {
  const cause = `Wave ${wave.name} failed. ${why}`
  wave.state = 'Failed'
  setStopped(draft, reason, cause)
  const { onFailure } = draft.policy
  if (isUngated(draft)) {
    skipWaiting(draft)
    return setPhase(
      draft,
      'Failed',
      `${cause} There is no other revision to go back to: mend it, or retry.`,
    )
  }
  if (onFailure === 'Pause')
    return setPhase(draft, 'Paused', `${cause} Paused, as its policy says: retry or abort.`)
  rollBack(draft, onFailure === 'RollBackAll' ? draft.status.waves : [wave])
}

/** The policy's answer to an abort is to go back: a half-changed fleet helps nobody. */
export function abort(draft: Draft): void {
  const { by, reason } = draft.rollout.spec.control
  setStopped(
    draft,
    'Aborted',
    `Aborted${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}.`,
  )
  if (isUngated(draft)) {
    skipWaiting(draft)
    return setPhase(
      draft,
      'Aborted',
      `${stopOf(draft)!.message} There is no other revision to go back to: sites keep what they have.`,
    )
  }
  rollBack(draft, draft.status.waves)
}

function rollBack(draft: Draft, waves: readonly WaveStatus[]): void {
  const previous = draft.rollout.spec.previousRevision!
  for (const wave of waves) {
    const isTouched = wave.state !== 'Waiting'
    for (const site of sitesOf(draft, wave)) if (isChanged(draft, site)) turnBack(draft, site)
    if (isTouched && wave.state !== 'Failed') wave.state = 'RolledBack'
  }
  // Sites that were forced are ahead of their waves, and go back with the others.
  for (const wave of draft.status.waves)
    if (wave.state === 'Waiting' && !waves.includes(wave))
      for (const site of sitesOf(draft, wave))
        if (['Updating', 'Updated', 'Failed'].includes(site.state)) turnBack(draft, site)
  skipWaiting(draft)
  setPhase(draft, 'RollingBack', `${stopOf(draft)!.message} Going back to ${previous}.`)
}

/** Changed by this rollout, or left behind on something ungated by one that was superseded. */
function isChanged(draft: Draft, site: RolloutSite): boolean {
  const { previousRevision } = draft.rollout.spec
  const assigned = factsOf(draft, site.name).assigned?.profileRevision
  return (
    site.state === 'Updating' ||
    site.state === 'Updated' ||
    site.state === 'Failed' ||
    (assigned !== undefined && assigned !== previousRevision)
  )
}

function turnBack(draft: Draft, site: RolloutSite): void {
  const why = site.state === 'Failed' && site.message !== undefined ? ` (${site.message})` : ''
  if (isOnline(factsOf(draft, site.name))) {
    setSite(draft, site, 'RollingBack', `goes back to the previous revision${why}`)
    // Whether it may go at once is for `askBack` to say.
    site.hold = 'Turn'
  } else setSite(draft, site, 'Parked', `is offline: it goes back when it returns${why}`)
}

function skipWaiting(draft: Draft): void {
  for (const site of draft.status.sites)
    if (site.state === 'Waiting' || (site.state === 'Parked' && !isChanged(draft, site)))
      setSite(draft, site, 'Skipped', 'was not reached')
}

/** Once no site is on its way back any more, the rollout is over. */
export function finishRollback(draft: Draft): void {
  const { sites } = draft.status
  const stop = stopOf(draft)
  const previous = draft.rollout.spec.previousRevision ?? ''
  const cause = stop?.message ?? 'Stopped.'
  leaveBehind(draft, stop?.since)
  if (sites.some((site) => site.state === 'RollingBack')) return
  const back = sites.filter((site) => site.state === 'RolledBack').length
  const stuck = sites.filter(
    (site) =>
      site.state === 'Failed' &&
      draft.status.waves.some((wave) => wave.name === site.wave && wave.state !== 'Passed'),
  )
  if (stuck.length > 0)
    return setPhase(
      draft,
      'Failed',
      `${cause} ${countOf(stuck.length, 'site')} did not go back to ${previous}: ${stuck[0]!.name} ${stuck[0]!.message ?? ''}`,
    )
  const ending = `${cause} Rolled back ${countOf(back, 'site')} to ${previous}.`
  setPhase(draft, stop?.reason === 'Aborted' ? 'Aborted' : 'RolledBack', ending)
}

/** A rollback has an end: who may not go back for too long follows when it may. */
function leaveBehind(draft: Draft, since: string | undefined): void {
  if (elapsedMs(draft, since) <= draft.policy.waitLimitSeconds * 1000) return
  for (const site of draft.status.sites) {
    const { state, hold, message = '' } = site
    if (state !== 'RollingBack' || hold === undefined) continue
    setSite(draft, site, 'Parked', message)
    site.hold = hold
  }
}

export function pause(draft: Draft, reason: StopReason, message: string): void {
  setStopped(draft, reason, message)
  setPhase(draft, 'Paused', message)
}

/** Time stood still while it was paused: soak and timeouts begin anew. */
export function resume(draft: Draft): void {
  setRunning(draft)
  setPhase(draft, 'Progressing', 'Resumed.')
  for (const wave of draft.status.waves)
    if (wave.state === 'Soaking') wave.soakStartedTime = draft.now
  for (const site of draft.status.sites) if (site.state === 'Updating') site.changedTime = draft.now
}

export function supersede(draft: Draft, newer: string): void {
  for (const site of draft.status.sites)
    if (site.state === 'Waiting') setSite(draft, site, 'Skipped', 'was not reached')
  setPhase(
    draft,
    'Superseded',
    `${newer} is newer: sites keep what they have until it reaches them.`,
  )
}

/** From the start of the first wave that has not passed, with fresh measurements. */
export function restart(draft: Draft): void {
  const { status, rollout } = draft
  status.handledRetries = rollout.spec.control.retries
  setRunning(draft)
  setPhase(draft, 'Progressing', `Attempt ${status.handledRetries + 1}.`)
  const from = status.waves.findIndex((wave) => wave.state !== 'Passed')
  const again = from === -1 ? [] : status.waves.slice(from)
  const names = new Set(again.map((wave) => wave.name))
  for (const wave of again) {
    wave.state = 'Waiting'
    delete wave.startedTime
    delete wave.soakStartedTime
  }
  status.gates = status.gates.filter((gate) => !names.has(gate.wave))
  for (const site of status.sites) {
    if (site.attempt !== undefined) site.attempt = Math.max(site.attempt + 1, status.handledRetries)
    delete site.tries
    if (names.has(site.wave)) setSite(draft, site, 'Waiting', 'is tried again')
    else if (site.state === 'Failed') setSite(draft, site, 'Waiting', 'is tried again')
  }
}
