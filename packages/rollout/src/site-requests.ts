import type { SiteRequest } from '@skerry/api/kinds/rollout-requests'
import { type Draft, type RolloutSite, attemptOf, factsOf, isBackwards, setSite } from './draft.ts'
import { isOnline } from './rollout-facts.ts'

/**
 * Does what people asked of single sites; of several requests for a site the last counts, each once. A
 * site that is skipped stays as it is, also through a retry, until somebody forces it. One that is forced
 * changes now, whatever its wave, windows, budgets and earlier failures; while it is offline it waits.
 */
export function obeySiteRequests(draft: Draft): void {
  const last = new Map(draft.rollout.spec.control.sites?.map((asked) => [asked.site, asked]))
  if (last.size === 0) return
  for (const site of draft.status.sites) {
    const asked = last.get(site.name)
    if (asked === undefined) continue
    if (asked.verb === 'Skip') skip(draft, site, asked)
    else if (site.handledRequest !== asked.time) force(draft, site, asked)
  }
}

function skip(draft: Draft, site: RolloutSite, asked: SiteRequest): void {
  // What was changed before it was skipped goes back with the others.
  if (isBackwards(draft.status.phase)) return
  if (site.state === 'Skipped' || (site.state === 'Updated' && site.handledRequest === asked.time))
    return
  site.handledRequest = asked.time
  if (site.state !== 'Updated') setSite(draft, site, 'Skipped', `was skipped ${byWhom(asked)}`)
}

function force(draft: Draft, site: RolloutSite, asked: SiteRequest): void {
  const { phase } = draft.status
  if (phase !== 'Progressing' && phase !== 'Succeeded') return
  const facts = factsOf(draft, site.name)
  if (!isOnline(facts) || site.state === 'Updated') return
  site.handledRequest = asked.time
  const attempts = facts.failed.map(({ attempt }) => attempt + 1)
  const attempt = Math.max(attemptOf(draft, site), ...attempts)
  if (attempt > draft.status.handledRetries) site.attempt = attempt
  if (facts.assigned !== undefined) site.previousRevision ??= facts.assigned.profileRevision
  setSite(draft, site, 'Updating', `was forced ${byWhom(asked)}`)
  site.changedTime = draft.now
}

export function byWhom({ by, reason }: { by: string; reason?: string }): string {
  return `by ${by}${reason === undefined ? '' : `: ${reason}`}`
}
