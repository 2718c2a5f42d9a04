import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rolloutPhases } from '@skerry/api/kinds/rollout'
import { isVerbAllowed, rolloutVerbs } from './rollout-verbs.ts'

test('what has ended well or was replaced takes no verb, and nothing is both paused and resumable', () => {
  for (const verb of rolloutVerbs) {
    assert.equal(isVerbAllowed(verb, 'Succeeded'), false)
    assert.equal(isVerbAllowed(verb, 'Superseded'), false)
  }
  for (const phase of rolloutPhases)
    assert.equal(isVerbAllowed('pause', phase) && isVerbAllowed('resume', phase), false)
})

test('a running rollout can be stopped, a stopped one tried again', () => {
  assert.equal(isVerbAllowed('pause', 'Progressing'), true)
  assert.equal(isVerbAllowed('abort', 'Paused'), true)
  assert.equal(isVerbAllowed('retry', 'RolledBack'), true)
  assert.equal(isVerbAllowed('retry', 'Progressing'), false)
})
