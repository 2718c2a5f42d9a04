import { setCondition } from '@skerry/api/condition'
import { apiVersionOf } from '@skerry/api/kind'
import { type Fleet, fleetKind } from '@skerry/api/kinds/fleet'
import { profileKind, profileRevisionKind } from '@skerry/api/kinds/profile'
import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import type { ObjectKey } from '@skerry/api/object'
import { isApiError } from '@skerry/api/status'
import type { Clock } from '@skerry/base/clock'
import { type Controller, type View, keyOf, parseKey, reads } from '@skerry/controller/controller'
import { updateStatus } from '@skerry/controller/update-status'
import { mustQueue } from '@skerry/rollout/meet-rollout'
import { fleetConditions } from './fleet-conditions.ts'
import { assignedBy, fleetsOfSite, inOrder, numberOf, sitesOfFleet } from './fleet-sites.ts'
import { type FleetLayers, layerConflicts } from './layer-conflicts.ts'
import { rolloutsKeptMax } from './limits.ts'

const ownedFields = [
  'sites',
  'synced',
  'rollout',
  'handledRevision',
  'observedGeneration',
  'conditions',
] as const

/** Counts the sites of a fleet, and makes a Rollout when its profile has a new head. */
export function createFleetController({ clock }: { clock: Clock }): Controller {
  return {
    name: 'fleet',
    reads: [
      // Fleets look at each other: two of them may claim one layer of a site.
      reads(fleetKind, (fleet, cached) =>
        cached.list(fleetKind, fleet.metadata.namespace).map(keyOf),
      ),
      reads(siteKind, fleetsOfSite),
      reads(profileKind, (profile, cached) =>
        cached.list(fleetKind, profile.metadata.namespace).map(keyOf),
      ),
      reads(profileRevisionKind, () => []),
      reads(rolloutKind, ({ metadata, spec }) => [`${metadata.namespace}/${spec.fleet}`]),
    ],
    owns: ownedFields.map((field) => [fleetKind, field] as const),
    makes: [rolloutKind],
    reconcile: (key, view) => reconcileFleet(parseKey(key), view, clock),
  }
}

async function reconcileFleet(key: ObjectKey, view: View, clock: Clock): Promise<void> {
  const fleet = await view.state.get(fleetKind, key)
  if (fleet === undefined || fleet.metadata.deletionTimestamp !== undefined) return
  const { namespace, generation } = fleet.metadata
  const profile = view.cached.get(profileKind, { namespace, name: fleet.spec.profile })
  const head = profile?.status?.head
  const conflicts = layerConflicts(layersOf(view, fleet), otherFleets(view, fleet))
  const rollouts = await rolloutsOf(view, fleet)
  const rollout =
    head === undefined || conflicts.length > 0
      ? rollouts.at(-1)
      : await ensureRollout(view, fleet, { head, rollouts, labels: profile?.metadata.labels })
  await forgetOldest(view, rollouts)
  const sites = sitesOfFleet(view.cached, fleet)
  const missing =
    profile === undefined
      ? `Profile ${fleet.spec.profile} does not exist: create it, or name another.`
      : `Profile ${fleet.spec.profile} has no revision yet: see its conditions.`
  await updateStatus(view.state, fleetKind, key, ({ status, metadata }) => ({
    sites: sites.length,
    synced: sites.filter(
      (site) =>
        site.status?.sync === 'Synced' &&
        assignedBy(site, metadata.name)?.profileRevision === status?.currentRevision,
    ).length,
    ...(rollout === undefined ? {} : { rollout: rollout.metadata.name }),
    ...(rollout?.spec.revision === head && head !== undefined ? { handledRevision: head } : {}),
    observedGeneration: generation,
    conditions: fleetConditions({
      generation,
      head,
      missing,
      conflicts,
      rollout,
      currentRevision: status?.currentRevision,
    }).reduce((all, next) => setCondition(all, next, clock.now()), status?.conditions ?? []),
  }))
}

/** Read anew, not from memory: making the same rollout twice would restart the fleet. */
async function rolloutsOf({ state }: View, fleet: Fleet): Promise<Rollout[]> {
  const { namespace, name } = fleet.metadata
  const { items } = await state.list(rolloutKind, {
    namespace,
    fieldSelector: [{ path: 'spec.fleet', operator: '=', value: name }],
  })
  return inOrder(items)
}

type NewHead = {
  readonly head: string
  readonly rollouts: readonly Rollout[]
  /** Those of the profile, which may say that a rollout need not heed windows. */
  readonly labels: Readonly<Record<string, string>> | undefined
}

async function ensureRollout(
  { state }: View,
  fleet: Fleet,
  { head, rollouts, labels }: NewHead,
): Promise<Rollout | undefined> {
  const newest = rollouts.at(-1)
  if (head === fleet.status?.handledRevision || newest?.spec.revision === head) return newest
  if (mustQueue(fleet.spec.rollout.onNewRevision, newest)) return newest
  const { namespace, name, uid } = fleet.metadata
  const number = Math.max(0, ...rollouts.map((rollout) => numberOf(rollout.metadata.name))) + 1
  // A rollout says that it has succeeded a moment before its fleet says what is current.
  const isPassed = newest?.status?.phase === 'Succeeded'
  const currentRevision = isPassed ? newest.spec.revision : fleet.status?.currentRevision
  try {
    return await state.create(rolloutKind, {
      metadata: {
        name: `${name}-${head.slice(head.lastIndexOf('-') + 1)}-${number}`,
        ...(namespace === undefined ? {} : { namespace }),
        labels: { ...labels, 'skerry.dev/fleet': name.slice(0, 63) },
        ownerReferences: [{ apiVersion: apiVersionOf(fleetKind), kind: 'Fleet', name, uid }],
      },
      spec: {
        fleet: name,
        revision: head,
        ...(currentRevision === undefined ? {} : { previousRevision: currentRevision }),
        policy: fleet.spec.rollout,
      },
    })
  } catch (thrown) {
    if (isApiError(thrown, 'AlreadyExists')) return newest
    throw thrown
  }
}

async function forgetOldest({ state }: View, rollouts: readonly Rollout[]): Promise<void> {
  for (const { metadata } of rollouts.slice(0, Math.max(0, rollouts.length - rolloutsKeptMax)))
    await state.delete(rolloutKind, metadata).catch((thrown: unknown) => {
      if (!isApiError(thrown, 'NotFound')) throw thrown
    })
}

function otherFleets(view: View, fleet: Fleet): FleetLayers[] {
  return view.cached
    .list(fleetKind, fleet.metadata.namespace)
    .filter((other) => other.metadata.name !== fleet.metadata.name)
    .map((other) => layersOf(view, other))
}

function layersOf({ cached }: View, fleet: Fleet): FleetLayers {
  const { namespace, name } = fleet.metadata
  const profile = cached.get(profileKind, { namespace, name: fleet.spec.profile })
  return {
    fleet: name,
    sites: new Set(sitesOfFleet(cached, fleet).map((site) => site.metadata.name)),
    layers: profile?.spec.layers.map((layer) => layer.name) ?? [],
  }
}
