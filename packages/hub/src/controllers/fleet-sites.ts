import type { Fleet } from '@skerry/api/kinds/fleet'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import { labelSelectorOf, matchesLabels } from '@skerry/api/selector'
import { equalJson } from '@skerry/base/json'
import { type Cached, keyOf } from '@skerry/controller/controller'
import { isOver } from '@skerry/rollout/draft'

export function isSelected(fleet: Fleet, site: Site): boolean {
  return (
    site.metadata.deletionTimestamp === undefined &&
    matchesLabels(labelSelectorOf(fleet.spec.selector), site.metadata.labels)
  )
}

/** The sites that a fleet selects, by name. */
export function sitesOfFleet(cached: Cached, fleet: Fleet): Site[] {
  return cached.list(siteKind, fleet.metadata.namespace).filter((site) => isSelected(fleet, site))
}

/** Keys of all fleets that a site has to do with, or may have had; none when it only was heard of. */
export function fleetsOfSite(site: Site, cached: Cached, before: Site | undefined): string[] {
  if (before !== undefined && !isNews(before, site)) return []
  const { namespace } = site.metadata
  const all = cached.list(fleetKind, namespace).map(keyOf)
  const assigned = (site.status?.assigned ?? []).map(({ fleet }) => `${namespace ?? ''}/${fleet}`)
  return [...new Set([...all, ...assigned])]
}

/**
 * Whether a site differs in more than when it was last seen. Ten thousand heartbeats must not make
 * every fleet count its sites.
 */
export function isNews(before: Site, after: Site): boolean {
  return !equalJson(withoutHeartbeat(before), withoutHeartbeat(after))
}

function withoutHeartbeat({ metadata, spec, status }: Site) {
  const { resourceVersion: _, ...meta } = metadata
  const { lastSeenTime: __, ...rest } = status ?? {}
  return { meta, spec, status: rest }
}

/** The sites that rollouts of other fleets are changing at this moment, each with its fleet. */
export function sitesBusyElsewhere(cached: Cached, fleet: Fleet): ReadonlyMap<string, string> {
  const { namespace, name } = fleet.metadata
  const others = cached
    .list(rolloutKind, namespace)
    .filter(({ spec, status }) => spec.fleet !== name && !isOver(status?.phase))
  return new Map(
    others.flatMap(({ spec, status }) =>
      (status?.sites ?? [])
        .filter(({ state, hold }) => hold === undefined && isChanging(state))
        .map((site) => [site.name, spec.fleet] as const),
    ),
  )
}

function isChanging(state: string): boolean {
  return state === 'Updating' || state === 'RollingBack'
}

export function assignedBy(site: Site, fleet: string) {
  return site.status?.assigned?.find((each) => each.fleet === fleet)
}

/** Oldest first: by time, then by the number at the end of the name. */
export function inOrder(rollouts: readonly Rollout[]): Rollout[] {
  return rollouts.toSorted(
    (left, right) =>
      Date.parse(left.metadata.creationTimestamp) - Date.parse(right.metadata.creationTimestamp) ||
      numberOf(left.metadata.name) - numberOf(right.metadata.name) ||
      (left.metadata.name < right.metadata.name ? -1 : 1),
  )
}

/** `depots-0a1b2c3d4e-12` -> 12 */
export function numberOf(rolloutName: string): number {
  return Number(/-(\d{1,9})$/.exec(rolloutName)?.[1] ?? 0)
}
