import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Rollout, rolloutPhases } from '@skerry/api/kinds/rollout'
import { type FleetFacts, fleetConditions } from './fleet-conditions.ts'

const head = 'sorting-1234567890'
const facts: FleetFacts = {
  generation: 3,
  head,
  missing: 'Profile sorting does not exist: create it, or name another.',
  conflicts: [],
  rollout: undefined,
  currentRevision: undefined,
}
const rolloutIn = (phase: string | undefined, revision = head) =>
  ({
    metadata: { name: 'depots-1' },
    spec: { revision },
    ...(phase === undefined ? {} : { status: { phase, message: 'Wave 1.' } }),
  }) as unknown as Rollout

/** What of Ready, Reconciling and Stalled is true, and why; never more than one. */
function standing(changed: Partial<FleetFacts>): string {
  const said = fleetConditions(Object.freeze({ ...facts, ...changed }))
  assert.deepEqual(
    said.map(({ observedGeneration }) => observedGeneration),
    [3, 3, 3, 3],
  )
  const held = said.filter(({ type, status }) => status === 'True' && type !== 'OwnerConflict')
  return held.map(({ type, reason }) => `${type} ${reason}`).join()
}

test('a fleet is ready when the newest revision of its profile is through', () => {
  assert.equal(standing({ head: undefined }), 'Reconciling NoRevision')
  assert.equal(standing({}), 'Reconciling Pending')
  assert.equal(standing({ rollout: rolloutIn(undefined) }), 'Reconciling RolloutPending')
  assert.equal(standing({ rollout: rolloutIn('Succeeded') }), 'Ready Ready')
  const older = rolloutIn('Succeeded', 'sorting-0')
  assert.equal(standing({ rollout: older }), 'Reconciling Pending')
  assert.equal(standing({ rollout: older, currentRevision: head }), 'Ready Ready')
})

test('what only a person gets on is stalled', () => {
  const stalled = rolloutPhases.filter((phase) =>
    standing({ rollout: rolloutIn(phase) }).startsWith('Stalled'),
  )
  assert.deepEqual(stalled, ['Paused', 'RolledBack', 'Failed', 'Aborted'])
  const conflicts = ['Fleet other claims layer digits at bergen.']
  assert.equal(standing({ conflicts, head: undefined }), 'Stalled OwnerConflict')
  const conflict = fleetConditions({ ...facts, conflicts }).at(-1)
  assert.deepEqual([conflict?.type, conflict?.status], ['OwnerConflict', 'True'])
})
