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

const underWay: RolloutStatus = {
  phase: 'Progressing',
  handledRetries: 2,
  waves: [
    { name: 'canary', sites: ['a'], state: 'Passed' },
    { name: 'rest', sites: ['b'], state: 'Waiting' },
  ],
  sites: [
    { name: 'a', wave: 'canary', state: 'Updated' },
    { name: 'b', wave: 'rest', state: 'Waiting' },
  ],
}

test('an approval names its wave, its attempt and its person; nobody counts twice', () => {
  const first = rollout(underWay)
  const control = controlFor(first, 'approve', { ...asked, body: { reason: 'seen' } })
  assert.deepEqual(control.waves, [
    {
      verb: 'Approve',
      wave: 'rest',
      attempt: 2,
      by: 'ada',
      time: '2026-11-21T12:00:00Z',
      reason: 'seen',
    },
  ])
  assert.equal(control.action, 'Pause', 'an approval does not resume')
  const second = { ...first, spec: { ...first.spec, control } }
  assert.throws(
    () => controlFor(second, 'approve', asked),
    (thrown) => isApiError(thrown, 'Conflict') && /somebody else must/.test(thrown.message),
  )
  assert.equal(controlFor(second, 'approve', { ...asked, by: 'bob' }).waves?.length, 2)
  assert.equal(controlFor(second, 'pause', asked).waves?.length, 1, 'what was said stays')
})

test('a promotion lets a rollout go on that its gates had paused', () => {
  const control = controlFor(rollout({ ...underWay, phase: 'Paused' }), 'promote', {
    ...asked,
    body: { wave: 'rest' },
  })
  assert.equal(control.action, 'Run')
  assert.equal(control.waves?.[0]?.verb, 'Promote')
})

test('of one site the newest request is later, also within a second', () => {
  const first = rollout(underWay)
  const skipped = controlFor(first, 'skip', { ...asked, body: { site: 'b' } })
  const again = { ...first, spec: { ...first.spec, control: skipped } }
  const forced = controlFor(again, 'force', { ...asked, body: { site: 'b' } })
  assert.deepEqual(
    forced.sites?.map(({ verb, time }) => [verb, time]),
    [
      ['Skip', '2026-11-21T12:00:00Z'],
      ['Force', '2026-11-21T12:00:01Z'],
    ],
  )
})

test('sites and waves that are not of the rollout are refused', () => {
  const cases: [RolloutVerb, object, RegExp][] = [
    ['skip', {}, /site must be named/],
    ['skip', { site: 'z' }, /site z is none of this rollout/],
    ['force', { site: 7 }, /site must be text/],
    ['approve', { wave: 'z' }, /wave z is none of this rollout: use canary, rest/],
  ]
  for (const [verb, body, pattern] of cases)
    assert.throws(
      () => controlFor(rollout(underWay), verb, { ...asked, body }),
      (thrown) => isApiError(thrown, 'BadRequest') && pattern.test(thrown.message),
    )
})
