import { equalJson } from '@skerry/base/json'
import type { Draft, RolloutSite } from './draft.ts'
import { attemptOf, factsOf, isBackwards, isUngated } from './draft.ts'
import { type Assignment, type Next, isOnline, runsContent } from './rollout-facts.ts'
import { fetchesAhead, ignoresWindows, mayFetch } from './site-windows.ts'

/**
 * What sites shall get, where that is not what they have. Made from the states alone, so that a hub
 * which died between writing states and assignments finds the same ones again.
 */
export function assignmentsOf(draft: Draft): Assignment[] {
  if (draft.facts.newerRollout !== undefined) return []
  return draft.status.sites.flatMap((site) => {
    const wanted = wantedRevision(draft, site)
    const assigned = wanted === undefined ? [] : assign(draft, site, wanted)
    return assigned.length > 0 ? assigned : prefetch(draft, site)
  })
}

/** The same as before, with what may be fetched meanwhile, where that is not what stands there. */
function prefetch(draft: Draft, site: RolloutSite): Assignment[] {
  const { assigned } = factsOf(draft, site.name)
  if (assigned === undefined) return []
  const next = nextOf(draft, site)
  const { profileRevision, attempt } = assigned
  if (equalJson(next ?? null, assigned.next ?? null)) return []
  return [{ site: site.name, profileRevision, attempt, ...(next === undefined ? {} : { next }) }]
}

/** What a site that is held back may fetch. While it is away it keeps what it has of it. */
function nextOf(draft: Draft, site: RolloutSite): Next | undefined {
  const { revision } = draft.rollout.spec
  const facts = factsOf(draft, site.name)
  const isToCome = site.state === 'Waiting' || site.state === 'Parked'
  if (!fetchesAhead(draft) || !isToCome || isBackwards(draft.status.phase)) return undefined
  if (facts.assigned?.profileRevision === revision) return undefined
  if (isOnline(facts))
    return site.hold === undefined
      ? undefined
      : { profileRevision: revision, isOpen: mayFetch(draft, facts) }
  const isKnown = facts.assigned?.next?.profileRevision === revision
  return isKnown ? { profileRevision: revision, isOpen: false } : undefined
}

function wantedRevision(draft: Draft, site: RolloutSite): string | undefined {
  const { revision, previousRevision } = draft.rollout.spec
  switch (site.state) {
    case 'Updating':
    case 'Updated':
      return revision
    case 'RollingBack':
      // Until it may go back it keeps what it has.
      return site.hold === undefined ? previousRevision : undefined
    case 'RolledBack':
      return previousRevision
    case 'Parked':
      return parkedRevision(draft, site)
    case 'Skipped':
      return calledBack(draft, site)
    case 'Waiting':
    case 'Failed':
      return undefined
  }
}

/** A site that was skipped after it was asked goes back to what it ran, unless it has taken all of it. */
function calledBack(draft: Draft, site: RolloutSite): string | undefined {
  const { revision, previousRevision } = draft.rollout.spec
  const facts = factsOf(draft, site.name)
  const isAsked = facts.assigned?.profileRevision === revision && !isUngated(draft)
  return isAsked && !runsContent(facts, facts.wanted) ? previousRevision : undefined
}

/**
 * A parked site finds the newest gated revision when it returns, without asking first; where windows or
 * budgets must be kept, it is asked when it is back and may change. What it does not run yet is taken
 * back in any case: else it would begin with it when it returns.
 */
function parkedRevision(draft: Draft, site: RolloutSite): string | undefined {
  const { revision, previousRevision } = draft.rollout.spec
  const wave = draft.status.waves.find((each) => each.name === site.wave)
  switch (draft.status.phase) {
    case 'Succeeded':
      return isFreeForward(draft, site) ? revision : undefined
    case 'Pending':
    case 'Progressing':
    case 'Paused':
      return isUngated(draft) && isFreeForward(draft, site) ? revision : undefined
    case 'RollingBack':
    case 'RolledBack':
    case 'Failed':
    case 'Aborted':
      return wave?.state === 'Passed' || !isFreeBack(draft, site) ? undefined : previousRevision
    case 'Superseded':
      return undefined
  }
}

/** Whether it may be given the new revision while nobody can say when it will take it. */
function isFreeForward(draft: Draft, site: RolloutSite): boolean {
  const { windows, budgets } = draft.policy
  if (factsOf(draft, site.name).assigned === undefined) return true
  if (site.hold !== undefined) return false
  return budgets.length === 0 && (windows === undefined || ignoresWindows(draft))
}

function isFreeBack(draft: Draft, site: RolloutSite): boolean {
  const { windows, budgets, rollback } = draft.policy
  const facts = factsOf(draft, site.name)
  if (!runsContent(facts, facts.wanted)) return true
  const isTimeFree = windows === undefined || rollback.ignoreWindows || ignoresWindows(draft)
  return site.hold === undefined && isTimeFree && (budgets.length === 0 || rollback.ignoreBudgets)
}

function assign(draft: Draft, site: RolloutSite, profileRevision: string): Assignment[] {
  const { assigned } = factsOf(draft, site.name)
  const isSame = assigned?.profileRevision === profileRevision
  const attempt = attemptOf(draft, site)
  if (site.state === 'Updating' && profileRevision === draft.rollout.spec.revision)
    return isSame && assigned.attempt >= attempt
      ? []
      : [{ site: site.name, profileRevision, attempt }]
  // Going back must never look like an older attempt, which the site would refuse to try.
  return isSame
    ? []
    : [{ site: site.name, profileRevision, attempt: Math.max(attempt, assigned?.attempt ?? 0) }]
}
