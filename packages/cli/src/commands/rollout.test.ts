import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stripVTControlCharacters } from 'node:util'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { describeProgress } from './rollout.ts'

const rollout = {
  metadata: { name: 'depots-abc-2' },
  spec: { fleet: 'depots', revision: 'sorting-abc' },
  status: {
    phase: 'RolledBack',
    message: 'Accuracy of digits v3 fell from 0.98 to 0.93.',
    waves: [
      { name: 'canary', sites: ['depot-1'], state: 'Failed' },
      { name: 'rest', sites: ['depot-2'], state: 'Waiting' },
    ],
    sites: [
      { name: 'depot-1', wave: 'canary', state: 'RolledBack' },
      { name: 'depot-2', wave: 'rest', state: 'Waiting' },
    ],
    gates: [
      {
        wave: 'canary',
        metric: 'Accuracy',
        model: 'digits',
        verdict: 'Fail',
        limit: 0.03,
        samples: 300,
        baselineSamples: 600,
        message: 'worse',
      },
      {
        wave: 'canary',
        metric: 'ErrorRate',
        model: 'digits',
        verdict: 'NotEnoughData',
        limit: 0.01,
        samples: 3,
        baselineSamples: 6,
        message: 'wait',
      },
    ],
  },
} as unknown as Rollout

test('a rollout is told by what moved and by what was decided, ending with why', () => {
  const lines = describeProgress(rollout).map(stripVTControlCharacters)
  assert.deepEqual(lines, [
    'depots-abc-2 brings sorting-abc to fleet depots',
    '  canary: depot-1 RolledBack',
    '  wave canary Failed',
    '  gate Accuracy of wave canary: Fail',
    'RolledBack: Accuracy of digits v3 fell from 0.98 to 0.93.',
  ])
})
