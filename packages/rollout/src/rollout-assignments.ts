import type { Draft, RolloutSite } from './draft.ts'
import { factsOf, isUngated } from './draft.ts'
import type { Assignment } from './rollout-facts.ts'

/**
 * What sites shall get, where that is not what they have. Made from the states alone, so that a hub
 * which died between writing states and assignments finds the same ones again.
 */
export function assignmentsOf(draft: Draft): Assignment[] {
  if (draft.facts.newerRollout !== undefined) return []
  return draft.status.sites.flatMap((site) => {
    const wanted = wantedRevision(draft, site)
    return wanted === undefined ? [] : assign(draft, site, wanted)
  })
}

function wantedRevision(draft: Draft, site: RolloutSite): string | undefined {
  const { revision, previousRevision } = draft.rollout.spec
  switch (site.state) {
    case 'Updating':
    case 'Updated':
      return revision
    case 'RollingBack':
    case 'RolledBack':
      return previousRevision
    case 'Parked':
      return parkedRevision(draft, site)
    case 'Waiting':
    case 'Failed':
    case 'Skipped':
      return undefined
  }
}

/** A parked site finds the newest gated revision when it returns, without asking first. */
function parkedRevision(draft: Draft, site: RolloutSite): string | undefined {
  const { revision, previousRevision } = draft.rollout.spec
  const wave = draft.status.waves.find((each) => each.name === site.wave)
  switch (draft.status.phase) {
    case 'Succeeded':
      return revision
    case 'Pending':
    case 'Progressing':
    case 'Paused':
      return isUngated(draft) ? revision : undefined
    case 'RollingBack':
    case 'RolledBack':
    case 'Failed':
    case 'Aborted':
      return wave?.state === 'Passed' ? undefined : previousRevision
    case 'Superseded':
      return undefined
  }
}

function assign(draft: Draft, site: RolloutSite, profileRevision: string): Assignment[] {
  const { assigned } = factsOf(draft, site.name)
  const isSame = assigned?.profileRevision === profileRevision
  const attempt = draft.status.handledRetries
  if (site.state === 'Updating' && profileRevision === draft.rollout.spec.revision)
    return isSame && assigned.attempt >= attempt
      ? []
      : [{ site: site.name, profileRevision, attempt }]
  // Going back must never look like an older attempt, which the site would refuse to try.
  return isSame
    ? []
    : [{ site: site.name, profileRevision, attempt: Math.max(attempt, assigned?.attempt ?? 0) }]
}
