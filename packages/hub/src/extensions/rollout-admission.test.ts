import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { isApiError } from '@skerry/api/status'
import { admitRollout } from './rollout-admission.ts'

const context = { user: { name: 'mallory', groups: [] } as never, dryRun: false }
const rollout = (control: object) =>
  ({ metadata: { name: 'r' }, spec: { control } }) as unknown as Rollout
const approval = { verb: 'Approve', wave: 'rest', attempt: 0, by: 'bob', time: '' }

test('nobody approves in the name of somebody else', async () => {
  const before = rollout({ action: 'Run', retries: 0 })
  const forged = rollout({ action: 'Run', retries: 0, waves: [approval] })
  for (const [operation, old] of [
    ['create', undefined],
    ['update', before],
  ] as const)
    await assert.rejects(
      admitRollout(operation, forged, old, context),
      (thrown) => isApiError(thrown, 'Invalid') && /spec\.control\.waves/.test(thrown.message),
    )
})

test('what the verbs have written may stay as it is', async () => {
  const said = rollout({ action: 'Run', retries: 0, by: 'bob', waves: [approval] })
  assert.equal(await admitRollout('update', said, said, context), said)
})
