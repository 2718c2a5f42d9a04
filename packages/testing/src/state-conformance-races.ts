import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import type { State, WatchEvent } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import {
  type OpenState,
  createConfigMap,
  edit,
  key,
  openWatch,
  versionOf,
} from './state-conformance-tools.ts'

const writers = 4
const writesEach = 25

export function describeRaces(open: OpenState): void {
  describe('many at once', () => {
    it('loses no update of writers that retry on conflict', async () => {
      await using opened = await open()
      const { state } = opened
      await createConfigMap(state, 'counter', { data: { n: '0' } })
      const conflicts = await Promise.all(repeat(writers, () => countUp(state)))
      const { data } = (await state.get(configMapKind, key('counter')))!
      assert.equal(data!['n'], String(writers * writesEach))
      assert.ok(
        conflicts.some((count) => count > 0),
        'the writers met',
      )
    })
    it('lets one of many create a name', async () => {
      await using opened = await open()
      const results = await Promise.allSettled(
        repeat(8, () => createConfigMap(opened.state, 'one')),
      )
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const result of results)
        if (result.status === 'rejected') assert.ok(isApiError(result.reason, 'AlreadyExists'))
    })
    it('tells every watcher every change once, in order, while they are made', async () => {
      await using opened = await open()
      const { state } = opened
      const { resourceVersion } = await state.list(configMapKind)
      await using early = openWatch(state, configMapKind, { resourceVersion })
      const count = writers * writesEach
      const writing = Promise.all(repeat(writers, (writer) => createMany(state, writer)))
      const fromEarly = await early.take(count)
      await using late = openWatch(state, configMapKind, { resourceVersion })
      const fromLate = await late.take(count)
      const versions = (await writing).flat()
      assertEachOnce(fromEarly, versions)
      assertEachOnce(fromLate, versions)
    })
  })
}

function repeat<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index))
}

async function countUp(state: State): Promise<number> {
  let conflicts = 0
  for (let done = 0; done < writesEach;) {
    const next = edit(await state.get(configMapKind, key('counter')))
    next['data'] = { n: String(Number((next['data'] as { n: string }).n) + 1) }
    try {
      await state.update(configMapKind, next)
      done += 1
    } catch (thrown) {
      if (!isApiError(thrown, 'Conflict')) throw thrown
      conflicts += 1
    }
  }
  return conflicts
}

async function createMany(state: State, writer: number): Promise<number[]> {
  const versions: number[] = []
  for (let index = 0; index < writesEach; index += 1) {
    const { metadata } = await createConfigMap(state, `w${writer}-${index}`)
    versions.push(Number(metadata.resourceVersion))
  }
  return versions
}

/** Every version that a write answered, once, in order. */
export function assertEachOnce(events: readonly WatchEvent[], versions: readonly number[]): void {
  assert.deepEqual(
    events.map(versionOf),
    versions.toSorted((left, right) => left - right),
  )
}
