import { fleetKind } from '@skerry/api/kinds/fleet'
import { profileRevisionKind } from '@skerry/api/kinds/profile'
import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import type { ObjectKey } from '@skerry/api/object'
import type { State } from '@skerry/api/state'
import type { Clock } from '@skerry/base/clock'
import { equalJson } from '@skerry/base/json'
import {
  type Controller,
  type Outcome,
  type View,
  keyOf,
  parseKey,
  reads,
} from '@skerry/controller/controller'
import { recordEvent } from '@skerry/controller/record-event'
import { updateStatus } from '@skerry/controller/update-status'
import { type RolloutDecision, decideRollout } from '@skerry/rollout/decide-rollout'
import { isOver } from '@skerry/rollout/draft'
import type { RollupStore } from '@skerry/store/hub-store'
import { fleetsOfSite, inOrder, sitesBusyElsewhere, sitesOfFleet } from './fleet-sites.ts'
import { rolloutLookMs, rolloutWakeMsMax } from './limits.ts'
import { measureWave } from './rollout-measurements.ts'
import {
  type FactsInput,
  changedOs,
  measuredModels,
  revisionLayers,
  siteFactsOf,
} from './rollout-facts.ts'
import { assignTo, assignNewcomers, unassignStrangers } from './site-assignments.ts'

export type RolloutOptions = { readonly rollups: RollupStore; readonly clock: Clock }

const statusFields = [
  'phase',
  'message',
  'wave',
  'waves',
  'sites',
  'gates',
  'total',
  'updated',
  'failed',
  'parked',
  'waiting',
  'skipped',
  'rolledBack',
  'progress',
  'startedTime',
  'finishedTime',
  'handledRetries',
  'conditions',
] as const

/** Moves the rollouts of a fleet on, and says what each of its sites gets. One key is one fleet. */
export function createRolloutController(options: RolloutOptions): Controller {
  return {
    name: 'rollout',
    reads: [
      reads(rolloutKind, ({ metadata, spec }) => [`${metadata.namespace}/${spec.fleet}`]),
      reads(fleetKind, (fleet) => [keyOf(fleet)]),
      reads(siteKind, fleetsOfSite),
      reads(profileRevisionKind, () => []),
    ],
    owns: [
      ...statusFields.map((field) => [rolloutKind, field] as const),
      [siteKind, 'assigned'],
      [fleetKind, 'currentRevision'],
    ],
    reconcile: (key, view) => reconcileRollouts(parseKey(key), view, options),
  }
}

async function reconcileRollouts(
  key: ObjectKey,
  view: View,
  options: RolloutOptions,
): Promise<Outcome> {
  const { state, cached } = view
  const fleet = await state.get(fleetKind, key)
  const sites = fleet === undefined ? [] : sitesOfFleet(cached, fleet)
  await unassignStrangers(view, key, new Set(sites.map((site) => site.metadata.name)))
  if (fleet === undefined) return undefined
  const rollouts = await rolloutsOf(state, key)
  const newest = rollouts.at(-1)
  for (const older of rollouts.slice(0, -1))
    if (!isOver(older.status?.phase)) await stepOlder(view, older, { newest: newest!, options })
  const { namespace } = key
  const input = { fleet, sites, layersOf: revisionLayers(cached, namespace) }
  const decided = newest && (await stepNewest(view, { ...input, rollout: newest }, options))
  const isSucceeded = decided?.status.phase === 'Succeeded'
  const current = isSucceeded ? newest!.spec.revision : fleet.status?.currentRevision
  if (isSucceeded)
    await updateStatus(state, fleetKind, key, () => ({ currentRevision: newest!.spec.revision }))
  if (current !== undefined) await assignNewcomers(view, key, { sites, revision: current })
  return decided && lookAgain(decided, options.clock.now())
}

/** Often while it is under way; afterwards when a window opens for a site that came late. */
function lookAgain({ status, wakeMs }: RolloutDecision, nowMs: number): Outcome {
  if (!isOver(status.phase)) return { againAfterMs: rolloutLookMs }
  if (wakeMs === undefined) return undefined
  return { againAfterMs: Math.min(Math.max(wakeMs - nowMs, rolloutLookMs), rolloutWakeMsMax) }
}

async function rolloutsOf(state: State, { namespace, name }: ObjectKey): Promise<Rollout[]> {
  const { items } = await state.list(rolloutKind, {
    namespace,
    fieldSelector: [{ path: 'spec.fleet', operator: '=', value: name }],
  })
  return inOrder(items).filter((rollout) => rollout.metadata.deletionTimestamp === undefined)
}

async function stepNewest(
  view: View,
  input: FactsInput,
  options: RolloutOptions,
): Promise<RolloutDecision> {
  const { fleet, rollout, sites, layersOf } = input
  const os = changedOs(rollout, layersOf)
  const name = fleet.metadata.name
  const busyWith = sitesBusyElsewhere(view.cached, fleet)
  const isRevisionGone = layersOf(rollout.spec.revision) === undefined
  const decision = decideRollout(
    rollout,
    {
      sites: sites.map((site) => ({
        ...siteFactsOf(site, name, rollout, layersOf),
        busyWith: busyWith.get(site.metadata.name),
      })),
      models: measuredModels(rollout, layersOf),
      ...(os === undefined ? {} : { changedOs: os }),
      ...(isRevisionGone ? { isRevisionGone } : {}),
      measurements: await measureWave(options.rollups, input),
    },
    options.clock.now(),
  )
  // States first: assignments are made from them, and a hub that dies in between finds them again.
  await writeDecision(view, rollout, { decision, options })
  for (const { site, ...assigned } of decision.assignments)
    await assignTo(
      view.state,
      { namespace: rollout.metadata.namespace, name: site },
      { fleet: name, ...assigned },
    )
  return decision
}

/** An older rollout of the fleet has nothing more to say. */
async function stepOlder(
  view: View,
  rollout: Rollout,
  { newest, options }: { newest: Rollout; options: RolloutOptions },
): Promise<void> {
  const facts = {
    sites: (rollout.status?.sites ?? []).map(({ name }) => ({
      name,
      connectivity: 'Offline' as const,
      health: 'Unknown' as const,
      wanted: { ok: true as const, layers: [] },
      layers: [],
      failed: [],
    })),
    models: [],
    measurements: [],
    newerRollout: newest.metadata.name,
  }
  const decision = decideRollout(rollout, facts, options.clock.now())
  await writeDecision(view, rollout, { decision, options })
}

async function writeDecision(
  { state }: View,
  rollout: Rollout,
  { decision, options }: { decision: RolloutDecision; options: RolloutOptions },
): Promise<void> {
  if (equalJson(decision.status, rollout.status)) return
  // With the version that was decided on: if a person spoke meanwhile, it is decided anew.
  const changed = { ...rollout, status: decision.status }
  await state.update(rolloutKind, changed, { subresource: 'status' })
  for (const event of decision.events)
    await recordEvent(state, options.clock, { ...event, object: rollout, component: 'rollout' })
}
