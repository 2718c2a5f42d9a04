import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import type { AdvancingClock } from '@skerry/testing/stepped-clock'
import { modelKind } from '@skerry/api/kinds/model'
import { openPostgresStore } from '@skerry/store/postgres-store'
import { withDatabase } from '@skerry/testing/database'
import { createWorld } from './controllers-world.ts'

/** A clock that runs faster than the wall, so that minutes of a rollout fit into a test. */
function createFastClock(factor: number): AdvancingClock {
  const startMs = systemClock.now()
  const monotonicMs = () => (systemClock.now() - startMs) * factor
  return {
    now: () => startMs + monotonicMs(),
    monotonicMs,
    sleep: (delayMs, signal) => systemClock.sleep(delayMs / factor, signal),
    advance: (ms) => systemClock.sleep(ms / factor),
  }
}

test('on PostgreSQL too: v2 passes, v3 is caught and goes back', { timeout: 60_000 }, async () => {
  await using database = await withDatabase()
  const clock = createFastClock(20)
  const { databaseUrl } = database
  const store = await openPostgresStore({
    databaseUrl,
    clock,
    random: seededRandom(3),
    log: silentLog,
  })
  await using world = await createWorld(['aarhus', 'bergen', 'cork'], { store, clock })
  await world.setVariable('LINE', '7')
  await world.state.create(modelKind, {
    metadata: { name: 'digits', namespace: 'default' },
    spec: {},
  })
  await world.pushModel('v1')
  await world.createProfile()
  await world.createFleet()
  const versions = () => world.sites.map((site) => site.version).join()
  await world.run(60, async () => versions() === 'v1,v1,v1')
  assert.equal(versions(), 'v1,v1,v1')
  await world.run(20)
  const ends = async (version: string) => {
    await world.pushModel(version)
    await world.run(30, async () => versions().includes(version))
    await world.run(400, async () => (await world.rollout())?.status?.finishedTime !== undefined)
    await world.run(5)
    return (await world.rollout())?.status
  }
  const good = await ends('v2')
  assert.equal(good?.phase, 'Succeeded', good?.message)
  assert.equal(versions(), 'v2,v2,v2')
  const bad = await ends('v3')
  assert.equal(bad?.phase, 'RolledBack', bad?.message)
  assert.match(bad?.message ?? '', /Accuracy of digits v3/)
  assert.equal(versions(), 'v2,v2,v2')
  assert.deepEqual(world.problems, [])
})
