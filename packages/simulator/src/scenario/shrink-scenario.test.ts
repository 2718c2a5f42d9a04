import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planScenario } from './scenario.ts'
import { shrinkScenario } from './shrink-scenario.ts'

const size = { sites: 3, durationMs: 600_000, faults: 40 }

test('what is left of a failing scenario is what it takes, and nothing else', async () => {
  const scenario = planScenario(5, size)
  const needed = [scenario.faults[3]!, scenario.faults[17]!, scenario.faults[31]!]
  let runs = 0
  const least = await shrinkScenario(scenario, async ({ faults }) => {
    runs += 1
    return needed.every((fault) => faults.includes(fault))
  })
  assert.deepEqual(least.faults, needed)
  assert.deepEqual(least.deeds, scenario.deeds)
  assert.ok(runs <= 120, `${runs} runs`)
})

test('a bug that needs no fault is found to need none, in one run', async () => {
  let runs = 0
  const least = await shrinkScenario(planScenario(5, size), async () => {
    runs += 1
    return true
  })
  assert.deepEqual([least.faults, runs], [[], 1])
})

test('the same seed plans the same scenario, another seed another one', () => {
  assert.deepEqual(planScenario(9, size), planScenario(9, size))
  assert.notDeepEqual(planScenario(9, size), planScenario(10, size))
})
