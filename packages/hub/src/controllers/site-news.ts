import { type Site, nothingAssigned } from '@skerry/api/kinds/site'
import { equalJson } from '@skerry/base/json'

/**
 * Whether a site says all that there is to say when nothing is assigned to it: as it was made, or as it
 * came back to be. A hub that starts among 100,000 such sites has nothing to do with them.
 */
export function isAsMade({ status }: Site): boolean {
  const { assigned = [], desired, sync, conditions = [] } = status ?? {}
  if (assigned.length > 0 || desired !== undefined || sync !== 'Synced') return false
  const condition = conditions.find(({ type }) => type === 'Synced')
  return (
    condition?.status === 'True' &&
    condition.reason === nothingAssigned.reason &&
    condition.message === nothingAssigned.message
  )
}

/** Whether somebody has to look at a site that is there, for its spec or its sync. */
export function isToBeLookedAt(site: Site, before: Site | undefined): boolean {
  if (isAsMade(site) && (before === undefined || isAsMade(before))) return false
  return before === undefined || isSpecNews(before, site)
}

/**
 * Whether a site differs in what its spec or its sync is made of. The generation counts changes of what
 * people ask for; labels and who last wrote do not matter.
 */
export function isSpecNews(before: Site, after: Site): boolean {
  const [left, right] = [before.metadata, after.metadata]
  return (
    left.uid !== right.uid ||
    left.generation !== right.generation ||
    !equalJson(withoutLastSeen(before), withoutLastSeen(after))
  )
}

function withoutLastSeen({ status }: Site): object {
  const { lastSeenTime: _, ...rest } = status ?? {}
  return rest
}
