import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { createMemoryState } from '@skerry/store/memory-state'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { createLeaderState } from './leader-state.ts'

const key = { namespace: 'default', name: 'a' }

function world() {
  const inner = createMemoryState({ clock: createSteppedClock(0), random: seededRandom(1) })
  const gate = Promise.withResolvers<void>()
  // As a store in whose queue writes wait for their turn.
  const slow = {
    ...inner,
    create: async (...asked: Parameters<State['create']>) =>
      gate.promise.then(() => inner.create(...asked)),
    update: async (...asked: Parameters<State['update']>) =>
      gate.promise.then(() => inner.update(...asked)),
    delete: async (...asked: Parameters<State['delete']>) =>
      gate.promise.then(() => inner.delete(...asked)),
  } as State
  const term = { isLeading: true }
  return { inner, gate, term, state: createLeaderState(slow, () => term.isLeading) }
}

test('a write that waited while the lease ran out is not made, whatever it is', async () => {
  const { inner, gate, term, state } = world()
  const site = await inner.create(siteKind, { metadata: { ...key, name: 'old' }, spec: {} })
  const changed = { ...site, metadata: { ...site.metadata, labels: { a: 'b' } } }
  const writes = [
    state.create(siteKind, { metadata: key, spec: {} }),
    state.update(siteKind, changed),
    state.delete(siteKind, { ...key, name: 'old' }),
  ]
  term.isLeading = false
  gate.resolve()
  for (const write of writes) await assert.rejects(write, /no longer leads/)
  assert.equal(await inner.get(siteKind, key), undefined)
  assert.deepEqual(await inner.get(siteKind, { ...key, name: 'old' }), site)
})

test('a leader writes, and reads on when it no longer leads', async () => {
  const { gate, term, state } = world()
  gate.resolve()
  await state.create(siteKind, { metadata: key, spec: {} })
  term.isLeading = false
  assert.equal((await state.list(siteKind)).items.length, 1)
  await assert.rejects(state.delete(siteKind, key), /no longer leads/)
})
