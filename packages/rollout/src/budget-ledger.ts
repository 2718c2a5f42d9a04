import type { Budget } from '@skerry/api/kinds/rollout-budget'
import type { Draft, Hold, RolloutSite } from './draft.ts'
import { namesInSentenceMax } from './limits.ts'
import { type SiteFacts, contentProblem, isOnline, runsContent } from './rollout-facts.ts'

type Group = {
  readonly value: string
  size: number
  readonly unavailable: Set<string>
  /** Whether one of them still has to change, and something runs there that could be hurt. */
  isToChange: boolean
}
type Account = { readonly budget: Budget; readonly groups: Map<string, Group> }

/**
 * Who is unavailable now, per budget and group. What is already broken counts, what is offline does not.
 * A site that is unavailable anyway may change: that takes nothing away from anybody.
 */
export class BudgetLedger {
  readonly #accounts: readonly Account[]

  constructor(draft: Draft) {
    const { budgets } = draft.policy
    const states = new Map(draft.status.sites.map((site) => [site.name, site]))
    this.#accounts = budgets.map((budget) => ({ budget, groups: new Map<string, Group>() }))
    if (budgets.length === 0) return
    for (const facts of draft.facts.sites) {
      const isAway = isUnavailable(draft, facts, states.get(facts.name))
      for (const account of this.#accounts) {
        const group = groupOf(account, facts)
        group.size += 1
        group.isToChange ||= isToChange(draft, facts)
        if (isAway) group.unavailable.add(facts.name)
      }
    }
  }

  /** Why a site may not become unavailable. */
  holdOf(site: SiteFacts): Hold | undefined {
    for (const account of this.#accounts) {
      const group = groupOf(account, site)
      if (group.unavailable.has(site.name)) continue
      const limit = limitOf(account.budget, group.size)
      if (group.unavailable.size < limit) continue
      return { reason: 'Budget', message: `waits: ${usedUp(account.budget, group, limit)}` }
    }
    return undefined
  }

  /** From now on it counts as unavailable. */
  take(site: SiteFacts): void {
    for (const account of this.#accounts) groupOf(account, site).unavailable.add(site.name)
  }

  /** The first budget under which no site of a group could ever change, as a sentence. */
  impossible(): string | undefined {
    for (const { budget, groups } of this.#accounts)
      for (const group of groups.values())
        if (group.isToChange && limitOf(budget, group.size) === 0)
          return `${budget.maxPercent} % of the ${group.size} ${groupWords(budget, group)} is none at all, so none of them could ever change: allow more, or use maxSites.`
    return undefined
  }
}

function isToChange({ rollout }: Draft, { assigned }: SiteFacts): boolean {
  return assigned !== undefined && assigned.profileRevision !== rollout.spec.revision
}

/** Whether a site does not serve, or may stop serving at any moment. */
export function isUnavailable(
  draft: Draft,
  facts: SiteFacts,
  site: RolloutSite | undefined,
): boolean {
  if (!isOnline(facts)) return false
  if (facts.health === 'Failed' || facts.busyWith !== undefined) return true
  if (site?.state === 'Failed' && facts.health !== 'Healthy') return true
  const isAsked = site?.state === 'Updating' || site?.state === 'RollingBack'
  if (isAsked && site.hold === undefined) return true
  return isOnItsWay(draft, facts)
}

/** It has neither taken what it was given nor failed at it: it may change at any moment. */
function isOnItsWay({ rollout }: Draft, facts: SiteFacts): boolean {
  const { assigned, wanted, previous } = facts
  const { revision, previousRevision } = rollout.spec
  if (assigned === undefined) return false
  const isNext = assigned.profileRevision === revision
  const content = isNext
    ? wanted
    : assigned.profileRevision === previousRevision
      ? previous
      : undefined
  if (content === undefined || runsContent(facts, content)) return false
  return contentProblem(facts, content, assigned.attempt) === undefined
}

function groupOf({ budget, groups }: Account, site: SiteFacts): Group {
  const value = budget.label === undefined ? '' : (site.labels?.[budget.label] ?? '')
  const known = groups.get(value)
  if (known !== undefined) return known
  const group: Group = { value, size: 0, unavailable: new Set(), isToChange: false }
  groups.set(value, group)
  return group
}

function limitOf({ maxSites, maxPercent }: Budget, size: number): number {
  return maxSites ?? Math.floor((size * (maxPercent ?? 100)) / 100)
}

/** A few are named; of many only the number is told, which does not change with every site that does. */
function usedUp(budget: Budget, group: Group, limit: number): string {
  const { size } = group.unavailable
  const who = size > namesInSentenceMax ? `${size}` : [...group.unavailable].toSorted().join(', ')
  return `of the ${groupWords(budget, group)} at most ${limit} may be unavailable at once, and ${who} ${size === 1 ? 'is' : 'are'}`
}

function groupWords({ label }: Budget, { value }: Group): string {
  if (label === undefined) return 'sites of the fleet'
  return value === '' ? `sites without label ${label}` : `sites with ${label}=${value}`
}
