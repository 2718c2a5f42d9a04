import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFleet, rolloutsOf, runUntil, sitesOf } from '../src/fleet.ts'
import { World } from '../src/world.ts'

test('a site enrols, takes its first profile and is green; the hub says what the site says', async () => {
  await using world = new World({ seed: 1, sites: 1 })
  await world.begin()
  await createFleet(world)
  const isGreen = async () => {
    const [site] = await sitesOf(world)
    return site?.status?.sync === 'Synced' && site.status.health === 'Healthy'
  }
  const reached = await runUntil(world, 120_000, isGreen)
  const [site] = await sitesOf(world)
  assert.ok(reached, JSON.stringify({ status: site?.status, logged: world.logged }, null, 1))
  assert.equal(site?.status?.models, 'digits v1')
  assert.equal(site?.status?.connectivity, 'Online')
  const [rollout] = await rolloutsOf(world)
  assert.equal(rollout?.status?.phase, 'Succeeded')
  const said = await world.sites[0]!.status()
  assert.deepEqual(
    said?.layers.map(({ name, state }) => `${name} ${state}`),
    ['digits Running', 'feeder Running'],
  )
  assert.deepEqual(
    [...world.sites[0]!.processes.running.values()].map(({ options }) => options.command[0]),
    ['serve', 'feed'],
  )
  assert.deepEqual(world.logged, [])
})
