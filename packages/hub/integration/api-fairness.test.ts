// One client that asks for far too much, and another that must not be refused or kept waiting for it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { measureFairness } from './fairness-rig.ts'

/** Far below what 500 lists in one queue would take; `npm run bench -- fairness` tells the ratio. */
const p99MsMax = 1_000

test('500 lists at once of one user do not hold up another', async (t) => {
  const found = await measureFairness()
  t.diagnostic(JSON.stringify(found))
  assert.ok((found.greedyCodes['200'] ?? 0) > 0, 'the greedy one is served too')
  assert.ok((found.greedyCodes['429'] ?? 0) > 0, 'and told to come back')
  assert.ok(found.besideP99Ms < p99MsMax, `p99 ${found.besideP99Ms} ms`)
})
