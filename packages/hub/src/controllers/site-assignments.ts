import { type Site, siteKind } from '@skerry/api/kinds/site'
import type { ObjectKey } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import type { View } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { assignedBy } from './fleet-sites.ts'

type Assigned = NonNullable<NonNullable<Site['status']>['assigned']>[number]

/** Gives a site what a fleet wants there. */
export async function assignTo(state: State, key: ObjectKey, assigned: Assigned): Promise<void> {
  await updateStatus(state, siteKind, key, ({ status }) => ({
    assigned: [...withoutFleet(status?.assigned, assigned.fleet), assigned].toSorted(
      (left, right) => (left.fleet < right.fleet ? -1 : 1),
    ),
  }))
}

/** A site that joins a fleet gets the revision that has passed its gates. */
export async function assignNewcomers(
  { state }: View,
  fleet: ObjectKey,
  { sites, revision }: { sites: readonly Site[]; revision: string },
): Promise<void> {
  for (const site of sites) {
    if (assignedBy(site, fleet.name) !== undefined) continue
    await updateStatus(state, siteKind, site.metadata, (fresh) =>
      assignedBy(fresh, fleet.name) !== undefined
        ? undefined
        : {
            assigned: [
              ...(fresh.status?.assigned ?? []),
              { fleet: fleet.name, profileRevision: revision, attempt: 0 },
            ].toSorted((left, right) => (left.fleet < right.fleet ? -1 : 1)),
          },
    )
  }
}

/** A site that is no longer of a fleet no longer gets anything from it. */
export async function unassignStrangers(
  { state, cached }: View,
  fleet: ObjectKey,
  members: ReadonlySet<string>,
): Promise<void> {
  for (const site of cached.list(siteKind, fleet.namespace)) {
    if (members.has(site.metadata.name) || assignedBy(site, fleet.name) === undefined) continue
    await updateStatus(state, siteKind, site.metadata, ({ status }) => ({
      assigned: withoutFleet(status?.assigned, fleet.name),
    }))
  }
}

function withoutFleet(assigned: readonly Assigned[] | undefined, fleet: string): Assigned[] {
  return (assigned ?? []).filter((each) => each.fleet !== fleet)
}
