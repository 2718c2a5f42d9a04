import {
  type Draft,
  type RolloutPhase,
  type RolloutSite,
  elapsedMs,
  factsOf,
  setSite,
} from './draft.ts'
import { type SiteFacts, contentProblem, isOnline, runsContent } from './rollout-facts.ts'

/** What became of each site since last time: the one place where sites become updated or fail. */
export function observeSites(draft: Draft): void {
  for (const site of draft.status.sites) {
    const facts = factsOf(draft, site.name)
    if (site.state === 'Parked' && isOnline(facts)) observeReturn(draft, site, facts)
    if (site.state === 'Updating') observeUpdating(draft, site, facts)
    else if (site.state === 'Updated') observeUpdated(draft, site, facts)
    else if (site.state === 'RollingBack') observeRollingBack(draft, site, facts)
  }
}

/** A site that comes back goes along with its wave, forwards or back. */
function observeReturn(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  const { phase, waves } = draft.status
  const wave = waves.find((each) => each.name === site.wave)?.state
  const isReached = wave === 'Updating' || wave === 'Soaking' || wave === 'Passed'
  if ((phase === 'Progressing' || phase === 'Succeeded') && isReached)
    setSite(draft, site, 'Updating', 'is back and catches up')
  else if (isBackwards(phase) && wave !== 'Passed' && facts.previous !== undefined)
    setSite(draft, site, 'RollingBack', 'is back and goes to the previous revision')
}

function isBackwards(phase: RolloutPhase): boolean {
  return ['RollingBack', 'RolledBack', 'Failed', 'Aborted'].includes(phase)
}

function observeUpdating(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  const { siteTimeoutSeconds } = draft.rollout.spec.policy
  const problem = contentProblem(facts, facts.wanted, draft.status.handledRetries)
  if (problem !== undefined) return setSite(draft, site, 'Failed', problem)
  if (!isOnline(facts))
    return setSite(draft, site, 'Parked', 'went offline: it catches up when it returns')
  if (runsContent(facts, facts.wanted) && facts.health !== 'Failed')
    return setSite(draft, site, 'Updated', 'runs the new revision')
  if (isWaiting(draft, site, facts)) return
  if (elapsedMs(draft, site.changedTime) > siteTimeoutSeconds * 1000)
    setSite(
      draft,
      site,
      'Failed',
      `is online and has not applied the change after ${siteTimeoutSeconds} s${because(facts)}`,
    )
}

function observeUpdated(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  // It runs already: that it could not be made anew is for the site's own status to say.
  if (!facts.wanted.ok) return
  const problem = contentProblem(facts, facts.wanted, draft.status.handledRetries)
  if (problem !== undefined) setSite(draft, site, 'Failed', problem)
}

function observeRollingBack(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  const { siteTimeoutSeconds } = draft.rollout.spec.policy
  if (!isOnline(facts))
    return setSite(draft, site, 'Parked', 'went offline: it goes back when it returns')
  if (facts.previous === undefined) throw new Error('Broken assumption: nothing to go back to')
  if (runsContent(facts, facts.previous) && !isAssignedNext(draft, facts))
    return setSite(draft, site, 'RolledBack', 'runs the previous revision again')
  if (elapsedMs(draft, site.changedTime) > siteTimeoutSeconds * 1000)
    setSite(
      draft,
      site,
      'Failed',
      `has not gone back after ${siteTimeoutSeconds} s${because(facts)}`,
    )
}

/** Until the assignment is written, what runs says nothing about the way back. */
function isAssignedNext(draft: Draft, facts: SiteFacts): boolean {
  return facts.assigned?.profileRevision === draft.rollout.spec.revision
}

const waitMessage = 'has all that it needs and waits for its window'

/** Whoever waits for its window is not late; its time runs from when the window opens. */
function isWaiting(draft: Draft, site: RolloutSite, facts: SiteFacts): boolean {
  const waits = facts.layers.some(({ state }) => state === 'Waiting')
  if (waits === (site.message === waitMessage)) return waits
  site.changedTime = draft.now
  site.message = waits ? waitMessage : 'its window is open'
  return waits
}

function because({ health, healthMessage }: SiteFacts): string {
  return health === 'Healthy' || healthMessage === undefined ? '' : `: ${healthMessage}`
}
