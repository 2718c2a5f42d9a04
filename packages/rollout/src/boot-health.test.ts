import assert from 'node:assert/strict'
import { test } from 'node:test'
import { World } from './testing/rollout-world.ts'

const policy = { soakSeconds: 60, siteTimeoutSeconds: 120 }

function osWorld(names: string[], more: object = {}): World {
  const world = new World(names, { ...policy, ...more })
  world.changedOs = { layer: 'm', version: '2.0.0' }
  world.withoutModels = true
  return world
}

const gateOf = (world: World) => world.status.gates?.find(({ metric }) => metric === 'BootHealth')

test('an image that is well goes from the canary to all', () => {
  const world = osWorld(['a', 'b', 'c']).steps(100)
  assert.equal(world.status.phase, 'Succeeded')
  assert.equal(gateOf(world)?.verdict, 'Pass')
  assert.match(gateOf(world)?.message ?? '', /OS image 2\.0\.0 is well at \d of \d sites/)
})

test('a machine that restarts by itself during the soak stops the rollout, and it goes back', () => {
  const world = osWorld(['a', 'b', 'c']).steps(5)
  world.site('a').restarts = 1
  world.steps(20)
  assert.equal(world.status.phase, 'RolledBack')
  assert.match(world.status.message ?? '', /a restarted by itself/)
  assert.equal(world.reached.has('b'), false)
})

test('a site that is well for a minute and then Failed stops the rollout', () => {
  const world = osWorld(['a', 'b', 'c'], { soakSeconds: 300 }).steps(30)
  world.site('a').health = 'Failed'
  world.steps(2)
  assert.notEqual(world.status.phase, 'Progressing')
  assert.match(world.status.message ?? '', /a is Failed/)
})

test('a machine that serves on and says what is wrong with its image stops the rollout', () => {
  const world = osWorld(['a', 'b', 'c'], { soakSeconds: 300 }).steps(30)
  world.site('a').health = 'Degraded'
  world.steps(2)
  assert.equal(world.status.phase, 'Progressing')
  world.site('a').ailment = 'the check "till" failed'
  world.steps(2)
  assert.notEqual(world.status.phase, 'Progressing')
  assert.match(world.status.message ?? '', /a says: the check "till" failed/)
})

test('as many as the gate allows may be unwell', () => {
  const gates = [{ metric: 'BootHealth', maxSites: 1 }]
  const world = osWorld(['a', 'b', 'c'], { gates, canary: { sites: 2 } }).steps(5)
  world.site('a').restarts = 3
  world.steps(100)
  assert.equal(world.status.phase, 'Succeeded')
})

test('a site that waits for its window is not late, and its time runs from when it opens', () => {
  const world = osWorld(['a', 'b'])
  world.site('a').waits = true
  world.steps(200, 60)
  assert.equal(world.stateOf('a'), 'Updating')
  assert.equal(world.status.phase, 'Progressing')
  world.site('a').waits = false
  world.look()
  assert.equal(world.stateOf('a'), 'Updating')
  world.steps(100)
  assert.equal(world.status.phase, 'Succeeded')
})

test('where the operating system does not change, the gate is not asked', () => {
  const world = osWorld(['a', 'b'])
  world.changedOs = undefined
  world.site('a').restarts = 7
  world.steps(100)
  assert.equal(gateOf(world), undefined)
  assert.equal(world.status.phase, 'Succeeded')
})
