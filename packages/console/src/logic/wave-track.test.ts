import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import { trackWaves } from './wave-track.ts'

const now = Date.UTC(2026, 10, 21, 14)

const rollout = (status: RolloutStatus): Rollout => ({
  apiVersion: 'skerry.dev/v1alpha1',
  kind: 'Rollout',
  metadata: {
    name: 'r',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-11-21T13:00:00Z',
  },
  spec: {
    fleet: 'depots',
    revision: 'b',
    policy: {
      canary: { sites: 1, approvals: 0 },
      waves: [{ name: 'wave-1', count: 2, soakSeconds: 600, approvals: 0 }],
      rest: { approvals: 0 },
      budgets: [],
      siteRetries: 0,
      retryBackoffSeconds: 60,
      rollback: { ignoreWindows: false, ignoreBudgets: false },
      onNewRevision: 'Supersede',
      waitLimitSeconds: 0,
      soakSeconds: 60,
      gates: [],
      confidence: 0.95,
      gateTimeoutSeconds: 3600,
      siteTimeoutSeconds: 600,
      maxFailedSites: 0,
      onFailure: 'RollBackAll',
    },
    control: { action: 'Run', retries: 0 },
  },
  status,
})

test('sites that need eyes come first, and a long wave says how many are not drawn', () => {
  const [wave] = trackWaves(
    rollout({
      waves: [{ name: 'canary', sites: ['a', 'b', 'c'], state: 'Updating' }],
      sites: [
        { name: 'a', wave: 'canary', state: 'Updated' },
        { name: 'b', wave: 'canary', state: 'Failed' },
      ],
    }),
    2,
    now,
  )
  assert.deepEqual(
    wave?.sites.map(({ name }) => name),
    ['b', 'c'],
  )
  assert.equal(wave?.hidden, 1)
  assert.equal(wave?.counts, '1 of 3')
})

test('a wave soaks for its own time, the canary for that of the policy', () => {
  const soakStartedTime = '2026-11-21T13:59:30Z'
  const waves = trackWaves(
    rollout({
      waves: [
        { name: 'canary', sites: [], state: 'Soaking', soakStartedTime },
        { name: 'wave-1', sites: [], state: 'Soaking', soakStartedTime },
        { name: 'rest', sites: [], state: 'Waiting' },
      ],
    }),
    9,
    now,
  )
  assert.deepEqual(
    waves.map(({ soak }) => soak?.words),
    ['soaks for 30 s more', 'soaks for 9 min 30 s more', undefined],
  )
  assert.equal(waves[0]?.soak?.share, 0.5)
})

test('a soak that is over waits for its gates', () => {
  const soakStartedTime = '2026-11-21T13:00:00Z'
  const [wave] = trackWaves(
    rollout({ waves: [{ name: 'canary', sites: [], state: 'Soaking', soakStartedTime }] }),
    9,
    now,
  )
  assert.deepEqual(wave?.soak, { share: 1, words: 'soaked; waits for its gates' })
})
