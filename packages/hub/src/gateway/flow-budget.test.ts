import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { createFlowBudget } from './flow-budget.ts'

test('a sender has so much at once and so much in each second, and none has another one’s', () => {
  let nowMs = 1_000_000
  const budget = createFlowBudget({ monotonicMs: () => nowMs }, { atOnceMax: 10, perSecondMax: 2 })
  assert.equal(budget.take('a', 6), true)
  assert.equal(budget.take('a', 5), false)
  assert.equal(budget.take('a', 4), true)
  assert.equal(budget.take('a', 1), false)
  assert.equal(budget.take('b', 10), true)
  nowMs += 1500
  assert.equal(budget.take('a', 4), false)
  assert.equal(budget.take('a', 3), true)
  assert.equal(budget.take('a', 1), false)
  nowMs += 3_600_000
  assert.equal(budget.take('a', 11), false, 'what was saved has a bound, too')
  assert.equal(budget.take('a', 10), true)
})
