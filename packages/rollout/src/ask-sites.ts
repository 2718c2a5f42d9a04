import { BudgetLedger } from './budget-ledger.ts'
import {
  type Draft,
  type Hold,
  type RolloutSite,
  attemptOf,
  elapsedMs,
  factsOf,
  isBackwards,
  setHold,
  setSite,
  sitesOf,
} from './draft.ts'
import { backoffMs, observeSites } from './observe-sites.ts'
import { type SiteFacts, contentProblem, isOnline, runsContent } from './rollout-facts.ts'
import { downloadHold, windowHold } from './site-windows.ts'

/**
 * Asks every site whose turn has come and that may change now; to the others is said why they wait. Those
 * whose waves are through come first: they have waited longest. What is offline is parked.
 */
export function askReached(draft: Draft): void {
  const ledger = new BudgetLedger(draft)
  for (const wave of draft.status.waves) {
    if (!['Updating', 'Soaking', 'Passed'].includes(wave.state)) continue
    for (const site of sitesOf(draft, wave)) askForward(draft, ledger, site)
  }
  // What a site already runs, or has already failed at, is known without asking.
  observeSites(draft)
}

function askForward(draft: Draft, ledger: BudgetLedger, site: RolloutSite): void {
  if (site.state !== 'Waiting' && site.state !== 'Parked') return
  const facts = factsOf(draft, site.name)
  if (!isOnline(facts)) {
    if (site.state === 'Waiting')
      setSite(draft, site, 'Parked', 'is offline: it catches up when it returns')
    return
  }
  const hold = holdForward(draft, ledger, site)
  if (hold !== undefined) return setHold(draft, site, hold)
  if (facts.assigned !== undefined) site.previousRevision ??= facts.assigned.profileRevision
  const isBack = site.state === 'Parked'
  setSite(draft, site, 'Updating', isBack ? 'is back and catches up' : 'was asked to change')
  if (!isKnown(draft, facts, site)) ledger.take(facts)
}

/** The one list of reasons for which a site whose turn has come is not asked, in the order in which they are told. */
function holdForward(draft: Draft, ledger: BudgetLedger, site: RolloutSite): Hold | undefined {
  const facts = factsOf(draft, site.name)
  if (isNothingToDo(draft, facts, site)) return undefined
  return (
    backoffHold(draft, site) ??
    otherFleetHold(facts) ??
    windowHold(draft, facts) ??
    downloadHold(draft, facts) ??
    ledger.holdOf(facts)
  )
}

/** Nothing runs there yet that could be hurt; or it was asked before and goes on by itself. */
function isNothingToDo(draft: Draft, facts: SiteFacts, site: RolloutSite): boolean {
  const { assigned } = facts
  if (assigned === undefined || isKnown(draft, facts, site)) return true
  const isSame = assigned.profileRevision === draft.rollout.spec.revision
  return isSame && assigned.attempt >= attemptOf(draft, site)
}

/** What becomes of it is known without asking: it runs there already, or has failed. */
function isKnown(draft: Draft, facts: SiteFacts, site: RolloutSite): boolean {
  return (
    runsContent(facts, facts.wanted) ||
    contentProblem(facts, facts.wanted, attemptOf(draft, site)) !== undefined
  )
}

function backoffHold(draft: Draft, site: RolloutSite): Hold | undefined {
  if (site.hold !== 'Backoff') return undefined
  const waitMs = backoffMs(draft, site.tries ?? 1)
  if (elapsedMs(draft, site.changedTime) >= waitMs) return undefined
  return {
    reason: 'Backoff',
    message: site.message ?? 'failed, and is tried again',
    untilMs: draft.nowMs - elapsedMs(draft, site.changedTime) + waitMs,
  }
}

function otherFleetHold({ busyWith }: SiteFacts): Hold | undefined {
  if (busyWith === undefined) return undefined
  return { reason: 'OtherFleet', message: `waits: fleet ${busyWith} is changing it` }
}

/**
 * Asks the sites that have to go back and may. The last wave goes first, so that where a budget lets
 * only some go, those return that were reached last.
 */
export function askBack(draft: Draft): void {
  if (!isBackwards(draft.status.phase)) return
  const ledger = new BudgetLedger(draft)
  for (const wave of draft.status.waves.toReversed())
    for (const site of sitesOf(draft, wave)) askBackward(draft, ledger, site)
}

function askBackward(draft: Draft, ledger: BudgetLedger, site: RolloutSite): void {
  if (site.hold === undefined || (site.state !== 'RollingBack' && site.state !== 'Parked')) return
  const facts = factsOf(draft, site.name)
  if (!isOnline(facts)) return
  const hold = holdBackward(draft, ledger, facts)
  if (hold !== undefined) return setHold(draft, site, hold)
  const isNew = site.state === 'RollingBack' && site.hold === 'Turn'
  const message = isNew ? site.message : undefined
  setSite(draft, site, 'RollingBack', message ?? 'goes back to the previous revision')
  site.changedTime = draft.now
  ledger.take(facts)
}

/** What a site does not run in full is called back at once: that stops a change and begins none. */
function holdBackward(draft: Draft, ledger: BudgetLedger, facts: SiteFacts): Hold | undefined {
  const { ignoreWindows, ignoreBudgets } = draft.policy.rollback
  const isBack = facts.previous !== undefined && runsContent(facts, facts.previous)
  if (isBack || !runsContent(facts, facts.wanted)) return undefined
  return (
    otherFleetHold(facts) ??
    (ignoreWindows ? undefined : windowHold(draft, facts)) ??
    (ignoreBudgets ? undefined : ledger.holdOf(facts))
  )
}
