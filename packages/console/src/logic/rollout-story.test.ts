import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { formatLimit, localTimes, rolloutStory } from './rollout-story.ts'

const now = Date.UTC(2026, 10, 21, 14)
const message = 'accuracy at the canary was 91.2%, the running version had 96.4%'
const gate = {
  wave: 'canary',
  metric: 'Accuracy',
  model: 'digits',
  verdict: 'Fail',
  observed: 0.912,
  baseline: 0.964,
  limit: 0.03,
  samples: 400,
  baselineSamples: 800,
  message,
} as const

const rollout = (
  status: Rollout['status'],
  control: Partial<Rollout['spec']['control']> = {},
): Rollout => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'Rollout',
  metadata: {
    name: 'digits-3',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-11-21T13:00:00Z',
  },
  spec: {
    fleet: 'depots',
    revision: 'digits-b',
    policy: {} as Rollout['spec']['policy'],
    control: { action: 'Run', retries: 0, ...control },
  },
  ...(status === undefined ? {} : { status }),
})

test('a rollout that was rolled back says by which numbers, once', () => {
  const bare = rolloutStory(rollout({ phase: 'RolledBack', gates: [gate] }), now)
  assert.equal(bare.headline, 'Rolled back: accuracy did not hold in canary')
  assert.deepEqual(bare.sentences, [`${message}.`])
  const told = rolloutStory(
    rollout({ phase: 'RolledBack', gates: [gate], message: `The canary failed: ${message}.` }),
    now,
  )
  assert.deepEqual(told.sentences, [`The canary failed: ${message}.`])
})

test('a person who paused it is named with the reason', () => {
  const story = rolloutStory(
    rollout({ phase: 'Paused', wave: 'canary' }, { action: 'Pause', by: 'ada', reason: 'lunch' }),
    now,
  )
  assert.equal(story.headline, 'Paused: canary')
  assert.deepEqual(story.sentences, ['ada asked it to pause: “lunch”'])
})

test('what the hub says of a request is not said twice', () => {
  const story = rolloutStory(
    rollout({ phase: 'Paused', message: 'Paused by ada: lunch.' }, { by: 'ada', reason: 'lunch' }),
    now,
  )
  assert.deepEqual(story.sentences, ['Paused by ada: lunch.'])
})

test('times for programs become clocks for people', () => {
  const text = 'Wave canary soaks until 2026-11-21T14:34:46Z; v2026-11 stays'
  assert.equal(localTimes(text, now, 'Asia/Tokyo'), 'Wave canary soaks until 23:34; v2026-11 stays')
})

test('parked sites are told as parked, not as failed', () => {
  const story = rolloutStory(rollout({ phase: 'Succeeded', parked: 1 }), now)
  assert.equal(story.headline, 'Done at every site that is online')
  assert.match(story.sentences[0]!, /^1 site is offline and parked: not failed/)
})

test('a rollout without status waits', () => {
  assert.equal(rolloutStory(rollout(undefined), now).headline, 'Waiting to start')
})

test('limits are said in points and milliseconds', () => {
  assert.equal(formatLimit('ErrorRate', 0.01), 'at most 1 point higher')
  assert.equal(formatLimit('Accuracy', 0.03), 'at most 3 points lower')
  assert.equal(formatLimit('LatencyP99', 1000), 'at most 1.00 s')
})
