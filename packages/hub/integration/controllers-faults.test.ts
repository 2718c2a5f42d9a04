import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import type { State } from '@skerry/api/state'
import { unavailable } from '@skerry/api/status'
import { type Random, seededRandom } from '@skerry/base/random'
import { createWorld } from './controllers-world.ts'

/** A state of which one write in ten is refused and one in ten is done but never answered. */
function flaky(state: State, random: Random): State {
  const fault = async <T>(write: () => Promise<T>): Promise<T> => {
    const chance = random.next()
    if (chance < 0.1) throw unavailable('the database is not there')
    const done = await write()
    if (chance < 0.2) throw unavailable('the answer was lost')
    return done
  }
  return {
    ...state,
    create: (...parameters) => fault(() => state.create(...parameters)),
    update: (...parameters) => fault(() => state.update(...parameters)),
    delete: (...parameters) => fault(() => state.delete(...parameters)),
  }
}

test('a hub that loses writes, loses answers and is restarted again and again ends right', async () => {
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed)
    await using world = await createWorld(['aarhus', 'bergen', 'cork'], {
      hubState: (state) => flaky(state, random),
    })
    const where = `seed ${seed}`
    await world.setVariable('LINE', '7')
    await world.pushModel('v1')
    await world.createProfile()
    await world.createFleet({ soakSeconds: 4 })
    const versions = () => world.sites.map((site) => site.version).join()
    await world.run(60, async () => versions() === 'v1,v1,v1')
    await world.run(30)
    for (const [version, phase, after] of [
      ['v2', 'Succeeded', 'v2,v2,v2'],
      ['v3', 'RolledBack', 'v2,v2,v2'],
    ] as const) {
      await world.pushModel(version)
      for (let second = 0; second < 400; second += 1) {
        await world.run(1)
        if (random.next() < 0.05) await world.restart()
        if ((await world.rollout())?.status?.phase === phase && versions() === after) break
      }
      assert.equal((await world.rollout())?.status?.phase, phase, `${where} ${version}`)
      await world.run(20)
      assert.equal(versions(), after, `${where} ${version}`)
    }
    const { items } = await world.state.list(rolloutKind)
    assert.equal(items.length, 3, `${where}: one rollout for each change, never two`)
    const fleet = await world.fleet()
    assert.equal(fleet.status?.synced, 3, where)
  }
})
