import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import { siteKind } from '@skerry/api/kinds/site'
import { type Clock, systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import {
  createConfigMap,
  openWatch,
  site,
  told,
  versionOf,
} from '@skerry/testing/state-conformance-tools'
import { bookmarkIntervalMs } from './limits.ts'
import { createMemoryState } from './memory-state.ts'

/** A clock whose sleepers wake when the test says so. */
function handClock() {
  const sleepers = new Set<() => void>()
  const delaysMs: number[] = []
  const clock: Clock = {
    ...systemClock,
    sleep: (delayMs, signal) =>
      new Promise((resolve, reject) => {
        delaysMs.push(delayMs)
        sleepers.add(resolve)
        signal?.addEventListener('abort', () => {
          sleepers.delete(resolve)
          reject(new Error('aborted'))
        })
      }),
  }
  return { clock, sleepers, delaysMs }
}

describe('bookmarks', () => {
  it('come when it is quiet, with the newest version of all kinds', async () => {
    const { clock, sleepers, delaysMs } = handClock()
    await using state = createMemoryState({ clock, random: systemRandom })
    await using watch = openWatch(state, configMapKind, { bookmarks: true })
    assert.deepEqual(told([await watch.next()]), ['BOOKMARK'])
    const quiet = watch.next()
    while (sleepers.size === 0) await systemClock.sleep(1)
    const other = await state.create(siteKind, site('a'))
    for (const wake of sleepers) wake()
    const mark = await quiet
    assert.equal(mark.type, 'BOOKMARK')
    assert.equal(String(versionOf(mark)), other.metadata.resourceVersion)
    assert.deepEqual(new Set(delaysMs), new Set([bookmarkIntervalMs]))
    await createConfigMap(state, 'b')
    assert.deepEqual(told([await watch.next()]), ['ADDED b'])
  })
  it('are not sent to who did not ask, and leave no timer behind', async () => {
    const { clock, sleepers } = handClock()
    await using state = createMemoryState({ clock, random: systemRandom })
    await using plain = openWatch(state, configMapKind)
    const waiting = plain.next()
    assert.equal(sleepers.size, 0)
    const marked = [1, 2].map(() => openWatch(state, configMapKind, { bookmarks: true }))
    for (const watch of marked) await watch.next()
    assert.equal(sleepers.size, 1, 'one timer for all')
    await createConfigMap(state, 'a')
    const next = await Promise.all([waiting, ...marked.map((watch) => watch.next())])
    assert.deepEqual(told(next), ['ADDED a', 'ADDED a', 'ADDED a'])
    for (const watch of marked) await watch[Symbol.asyncDispose]()
    assert.equal(sleepers.size, 0)
  })
})
