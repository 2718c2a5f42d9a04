import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rolloutPhases } from '@skerry/api/kinds/rollout'
import { isVerbAllowed, rolloutVerbs } from './rollout-verbs.ts'

test('what has ended well or was replaced takes no verb, and nothing is both paused and resumable', () => {
  for (const verb of rolloutVerbs) {
    assert.equal(isVerbAllowed(verb, { phase: 'Succeeded', failed: 0 }), false)
    assert.equal(isVerbAllowed(verb, { phase: 'Superseded' }), false)
  }
  for (const phase of rolloutPhases)
    assert.equal(isVerbAllowed('pause', { phase }) && isVerbAllowed('resume', { phase }), false)
})

test('a running rollout can be stopped, a stopped one tried again', () => {
  assert.equal(isVerbAllowed('pause', undefined), true)
  assert.equal(isVerbAllowed('pause', { phase: 'Progressing' }), true)
  assert.equal(isVerbAllowed('abort', { phase: 'Paused' }), true)
  assert.equal(isVerbAllowed('retry', { phase: 'RolledBack' }), true)
  assert.equal(isVerbAllowed('retry', { phase: 'Progressing' }), false)
  assert.equal(isVerbAllowed('retry', { phase: 'Succeeded', failed: 1 }), true)
})

test('what its gates have stopped is retried, not resumed', () => {
  const paused = (reason: string) => ({
    phase: 'Paused' as const,
    conditions: [
      { type: 'Stopped', status: 'True' as const, reason, message: '', lastTransitionTime: '' },
    ],
  })
  assert.equal(isVerbAllowed('resume', paused('Requested')), true)
  assert.equal(isVerbAllowed('resume', paused('GateTimeout')), true)
  assert.equal(isVerbAllowed('resume', paused('GateFailed')), false)
  assert.equal(isVerbAllowed('retry', paused('GateFailed')), true)
})
