import { toTimestamp } from '@skerry/base/clock'
import {
  type Draft,
  type RolloutSite,
  attemptOf,
  elapsedMs,
  factsOf,
  isBackwards,
  setHold,
  setSite,
} from './draft.ts'
import { retryBackoffMsMax } from './limits.ts'
import { type SiteFacts, contentProblem, isOnline, runsContent } from './rollout-facts.ts'

/** What became of each site since last time: the one place where sites become updated or fail. */
export function observeSites(draft: Draft): void {
  for (const site of draft.status.sites) {
    const facts = factsOf(draft, site.name)
    observeReplaced(draft, site, facts)
    if (site.state === 'Parked' && isOnline(facts)) observeReturn(draft, site, facts)
    if (site.state === 'Parked' && !isOnline(facts)) delete site.hold
    if (site.state === 'Updating') observeUpdating(draft, site, facts)
    else if (site.state === 'Updated') observeUpdated(draft, site, facts)
    else if (site.state === 'RollingBack') observeRollingBack(draft, site, facts)
  }
}

/** A site that was deleted and made anew under its name has nothing of what its namesake had. */
function observeReplaced(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  if (site.state !== 'Updated' && site.state !== 'Failed') return
  if (facts.assigned !== undefined || isBackwards(draft.status.phase)) return
  const isKnown =
    runsContent(facts, facts.wanted) ||
    contentProblem(facts, facts.wanted, attemptOf(draft, site)) !== undefined
  if (!isKnown) setSite(draft, site, 'Updating', 'was replaced and begins anew')
}

/** A site that comes back goes along with its wave: forwards when it is asked, back as it may. */
function observeReturn(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  const wave = draft.status.waves.find((each) => each.name === site.wave)?.state
  if (!isBackwards(draft.status.phase) || wave === 'Passed') return
  if (facts.previous !== undefined) site.hold ??= 'Turn'
}

function observeUpdating(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  const { siteTimeoutSeconds } = draft.policy
  const problem = contentProblem(facts, facts.wanted, attemptOf(draft, site))
  if (problem !== undefined) return failOrRetry(draft, site, problem)
  if (!isOnline(facts))
    return setSite(draft, site, 'Parked', 'went offline: it catches up when it returns')
  if (runsContent(facts, facts.wanted) && facts.health !== 'Failed')
    return setSite(draft, site, 'Updated', 'runs the new revision')
  if (isWaiting(draft, site, facts)) return
  if (elapsedMs(draft, site.changedTime) > siteTimeoutSeconds * 1000)
    failOrRetry(
      draft,
      site,
      `is online and has not applied the change after ${siteTimeoutSeconds} s${because(facts)}`,
    )
}

/**
 * A site that was asked and failed is asked again, as often as the policy says and later each time. What
 * failed here before anybody asked, in an earlier rollout, is remembered and not tried by itself.
 */
function failOrRetry(draft: Draft, site: RolloutSite, problem: string): void {
  const { siteRetries } = draft.policy
  const { assigned, failed } = factsOf(draft, site.name)
  const tries = site.tries ?? 0
  const wasAsked = assigned?.profileRevision === draft.rollout.spec.revision
  if (!wasAsked || tries >= siteRetries || isBackwards(draft.status.phase))
    return setSite(draft, site, 'Failed', problem)
  const waitMs = backoffMs(draft, tries + 1)
  const untilMs = draft.nowMs + waitMs
  setSite(draft, site, 'Waiting', problem)
  site.tries = tries + 1
  site.attempt =
    Math.max(attemptOf(draft, site), assigned.attempt, ...failed.map(({ attempt }) => attempt)) + 1
  setHold(draft, site, {
    reason: 'Backoff',
    message: `failed: ${problem}; is tried again at ${toTimestamp(untilMs)}, ${tries + 1} of ${siteRetries}`,
    untilMs,
  })
}

/** Twice as long after each failure. */
export function backoffMs({ policy }: Draft, tries: number): number {
  return Math.min(policy.retryBackoffSeconds * 1000 * 2 ** (tries - 1), retryBackoffMsMax)
}

function observeUpdated(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  // It runs already: that it could not be made anew is for the site's own status to say.
  if (!facts.wanted.ok) return
  const problem = contentProblem(facts, facts.wanted, attemptOf(draft, site))
  if (problem !== undefined) setSite(draft, site, 'Failed', problem)
}

function observeRollingBack(draft: Draft, site: RolloutSite, facts: SiteFacts): void {
  const { siteTimeoutSeconds } = draft.policy
  if (!isOnline(facts))
    return setSite(draft, site, 'Parked', 'went offline: it goes back when it returns')
  if (facts.previous === undefined) throw new Error('Broken assumption: nothing to go back to')
  if (runsContent(facts, facts.previous) && !isAssignedNext(draft, facts))
    return setSite(draft, site, 'RolledBack', 'runs the previous revision again')
  if (site.hold !== undefined) return
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
