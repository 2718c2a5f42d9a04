import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { withDatabase } from '@skerry/testing/database'
import { refused } from '@skerry/testing/state-conformance-tools'
import type { HubStore } from '../src/hub-store.ts'
import { createMemoryStore } from '../src/memory-store.ts'
import { openPostgresStore } from '../src/postgres-store.ts'
import { rollupOf, specOf } from './records.ts'

const doors = { clock: systemClock, random: systemRandom, log: silentLog }

describeStores('memory', async () => createMemoryStore(doors))
describeStores('PostgreSQL', async () => {
  await using opening = new AsyncDisposableStack()
  const { databaseUrl } = opening.use(await withDatabase())
  const store = opening.use(await openPostgresStore({ ...doors, databaseUrl }))
  const stack = opening.move()
  return { ...store, [Symbol.asyncDispose]: () => stack.disposeAsync() }
})

function describeStores(name: string, open: () => Promise<HubStore>): void {
  describe(`specs: ${name}`, () => {
    it('keeps the newest and refuses what is not newer', async () => {
      await using store = await open()
      const { specs } = store
      assert.equal(await specs.get('site-1'), undefined)
      await specs.put(specOf('site-1', 1, 5))
      const message = await refused('Conflict', specs.put(specOf('site-1', 1, 5)))
      assert.match(message, /revision 5 of epoch 1/)
      await refused('Conflict', specs.put(specOf('site-1', 1, 4)))
      await specs.put(specOf('site-1', 2, 1))
      assert.deepEqual(await specs.get('site-1'), specOf('site-1', 2, 1))
      await specs.delete('site-1')
      assert.equal(await specs.get('site-1'), undefined)
    })
    it('tells who listens, until he stops', async () => {
      await using store = await open()
      const heard: string[] = []
      const heardAll = Promise.withResolvers<void>()
      const subscription = store.specs.subscribe((siteUid) => {
        if (siteUid !== undefined) heard.push(siteUid)
        if (heard.length === 3) heardAll.resolve()
      })
      await store.specs.put(specOf('site-1', 1, 1))
      await store.specs.put(specOf('site-2', 1, 1))
      await refused('Conflict', store.specs.put(specOf('site-2', 1, 1)))
      await store.specs.delete('site-1')
      await heardAll.promise
      assert.deepEqual(heard, ['site-1', 'site-2', 'site-1'])
      subscription[Symbol.dispose]()
      await store.specs.put(specOf('site-3', 1, 1))
      assert.equal(heard.length, 3)
    })
  })

  describe(`rollups: ${name}`, () => {
    it('counts once what comes twice', async () => {
      await using store = await open()
      const { rollups } = store
      const batch = (sequences: number[], bootId = 'boot') => ({
        siteUid: 'site-1',
        bootId,
        rollups: sequences.map((sequence) => ({ ...rollupOf(sequence * 1000), sequence })),
      })
      assert.equal(await rollups.append(batch([1, 2, 3])), 3)
      assert.equal(await rollups.append(batch([2, 3, 4, 4])), 4)
      assert.equal(await rollups.append(batch([])), 0)
      assert.equal(await rollups.append(batch([1], 'next boot')), 1)
      const found = await rollups.query({ namespace: 'default', sinceMs: 0 })
      assert.deepEqual(
        found.map(({ startMs }) => startMs),
        [1000, 1000, 2000, 3000, 4000],
      )
      assert.deepEqual(found[0], rollupOf(1000))
    })
    it('answers by place, model and time', async () => {
      await using store = await open()
      const { rollups } = store
      const all = [
        rollupOf(1000),
        rollupOf(2000, { site: 'rome', digest: 'sha256:n' }),
        rollupOf(3000, { model: 'faces' }),
        rollupOf(4000, { namespace: 'alps' }),
      ].map((rollup, sequence) => ({ ...rollup, sequence }))
      await rollups.append({ siteUid: 'site-1', bootId: 'boot', rollups: all })
      const starts = async (query: object) =>
        (await rollups.query({ namespace: 'default', sinceMs: 0, ...query })).map(
          ({ startMs }) => startMs,
        )
      assert.deepEqual(await starts({}), [1000, 2000, 3000])
      assert.deepEqual(await starts({ sites: ['rome'] }), [2000])
      assert.deepEqual(await starts({ sites: [] }), [])
      assert.deepEqual(await starts({ model: 'digits' }), [1000, 2000])
      assert.deepEqual(await starts({ digest: 'sha256:n' }), [2000])
      assert.deepEqual(await starts({ sinceMs: 2000, untilMs: 3000 }), [2000])
      assert.deepEqual(await starts({ namespace: 'alps' }), [4000])
      assert.equal(await rollups.prune(3000), 1)
      assert.deepEqual(await starts({}), [2000, 3000])
    })
  })
}
