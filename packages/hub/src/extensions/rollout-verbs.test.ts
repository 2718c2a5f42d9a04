import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import { isApiError } from '@skerry/api/status'
import { type RolloutVerb, controlFor } from './rollout-verbs.ts'

const asked = { body: undefined as unknown, by: 'ada', nowMs: Date.parse('2026-11-21T12:00:00Z') }

function rollout(status: RolloutStatus): Rollout {
  return {
    metadata: { name: 'depots-1' },
    spec: { control: { action: 'Pause', retries: 2, reason: 'old' } },
    status,
  } as unknown as Rollout
}

test('each verb says what a person asked, when and why', () => {
  const body = { reason: 'lunch' }
  assert.deepEqual(controlFor(rollout({ phase: 'Progressing' }), 'pause', { ...asked, body }), {
    action: 'Pause',
    retries: 2,
    by: 'ada',
    time: '2026-11-21T12:00:00Z',
    reason: 'lunch',
  })
  const resumed = controlFor(rollout({ phase: 'Paused' }), 'resume', asked)
  assert.deepEqual([resumed.action, resumed.retries, resumed.reason], ['Run', 2, undefined])
  assert.equal(controlFor(rollout({}), 'abort', asked).action, 'Abort')
  const retried = controlFor(rollout({ phase: 'RolledBack' }), 'retry', asked)
  assert.deepEqual([retried.action, retried.retries], ['Run', 3])
})

test('a verb that means nothing now is refused with what to do instead', () => {
  const cases: [RolloutVerb, RolloutStatus, RegExp][] = [
    ['pause', { phase: 'Succeeded' }, /Cannot pause rollout depots-1, which is Succeeded/],
    ['resume', { phase: 'Progressing' }, /only a paused rollout/],
    ['abort', { phase: 'RolledBack' }, /not over/],
    ['retry', { phase: 'Superseded' }, /change the fleet/],
    [
      'resume',
      {
        phase: 'Paused',
        conditions: [
          {
            type: 'Stopped',
            status: 'True',
            reason: 'GateFailed',
            message: '',
            lastTransitionTime: '2026-11-21T12:00:00Z',
          },
        ],
      },
      /no way round a failed gate/,
    ],
  ]
  for (const [verb, status, pattern] of cases)
    assert.throws(
      () => controlFor(rollout(status), verb, asked),
      (thrown) => isApiError(thrown, 'Conflict') && pattern.test(thrown.message),
    )
})

test('hostile bodies are refused with a sentence', () => {
  for (const body of ['text', 7, [], { reason: 7 }, { reason: 'x'.repeat(1001) }])
    assert.throws(
      () => controlFor(rollout({ phase: 'Progressing' }), 'pause', { ...asked, body }),
      (thrown) => isApiError(thrown, 'BadRequest'),
    )
  for (const body of [undefined, null, {}, { reason: '' }])
    assert.equal(controlFor(rollout({}), 'pause', { ...asked, body }).reason, undefined)
})
