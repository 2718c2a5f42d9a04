import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { withDatabase } from '@skerry/testing/database'
import { describeState } from '@skerry/testing/state-conformance'
import { assertEachOnce } from '@skerry/testing/state-conformance-races'
import {
  createConfigMap,
  edit,
  key,
  openWatch,
  refused,
} from '@skerry/testing/state-conformance-tools'
import { describeTexts } from '@skerry/testing/text-state-conformance'
import type { HubStore } from '../src/hub-store.ts'
import { openPostgresStore } from '../src/postgres-store.ts'

const doors = { clock: systemClock, random: systemRandom, log: silentLog }

describeState('PostgreSQL', async () => {
  await using opening = new AsyncDisposableStack()
  const { databaseUrl } = opening.use(await withDatabase())
  const { state } = opening.use(await openPostgresStore({ ...doors, databaseUrl }))
  const stack = opening.move()
  return { state, [Symbol.asyncDispose]: () => stack.disposeAsync() }
})

describeTexts('PostgreSQL', async () => {
  await using opening = new AsyncDisposableStack()
  const { databaseUrl } = opening.use(await withDatabase())
  const { state, texts } = opening.use(await openPostgresStore({ ...doors, databaseUrl }))
  const stack = opening.move()
  return { state, texts, [Symbol.asyncDispose]: () => stack.disposeAsync() }
})

describe('two hub processes on one database', () => {
  it('give every change one version, without a gap, and tell both of it in order', async () => {
    await using database = await withDatabase()
    await using first = await openPostgresStore({ ...doors, ...database })
    await using second = await openPostgresStore({ ...doors, ...database })
    const { resourceVersion } = await first.state.list(configMapKind)
    await using here = openWatch(first.state, configMapKind, { resourceVersion })
    await using there = openWatch(second.state, configMapKind, { resourceVersion })
    const [seenHere, seenThere] = [here.take(800), there.take(800)]
    const written = await Promise.all(
      [first, second, first, second].map((store, writer) => writeMany(store, writer)),
    )
    const start = Number(resourceVersion)
    const versions = Array.from({ length: 800 }, (_, index) => start + index + 1)
    assert.deepEqual(
      written.flat().toSorted((left, right) => left - right),
      versions,
      'no version is missing and none is given twice',
    )
    assertEachOnce(await seenHere, versions)
    assertEachOnce(await seenThere, versions)
  })

  it('lose no update of one object', async () => {
    await using database = await withDatabase()
    await using first = await openPostgresStore({ ...doors, ...database })
    await using second = await openPostgresStore({ ...doors, ...database })
    await createConfigMap(first.state, 'counter', { data: { n: '0' } })
    await Promise.all([countUp(first), countUp(second), countUp(first)])
    const { data } = (await second.state.get(configMapKind, key('counter')))!
    assert.deepEqual(data, { n: '75' })
  })

  it('start together on a database that is empty', async () => {
    await using database = await withDatabase()
    const opened = await Promise.all(
      [1, 2, 3].map(() => openPostgresStore({ ...doors, ...database })),
    )
    for (const store of opened) await store[Symbol.asyncDispose]()
    await refused('ServiceUnavailable', createConfigMap(opened[0]!.state, 'late'))
  })
})

async function writeMany(store: HubStore, writer: number): Promise<number[]> {
  const versions: number[] = []
  for (let index = 0; index < 200; index += 1) {
    const { metadata } = await createConfigMap(store.state, `w${writer}-${index}`)
    versions.push(Number(metadata.resourceVersion))
  }
  return versions
}

async function countUp({ state }: HubStore): Promise<void> {
  for (let done = 0; done < 25;) {
    const next = edit(await state.get(configMapKind, key('counter')))
    next['data'] = { n: String(Number((next['data'] as { n: string }).n) + 1) }
    const isWritten = await state.update(configMapKind, next).then(
      () => true,
      () => false,
    )
    if (isWritten) done += 1
  }
}
