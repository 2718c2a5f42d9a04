import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import { siteKind } from '@skerry/api/kinds/site'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { describeState } from '@skerry/testing/state-conformance'
import { createConfigMap, openWatch, refused, site } from '@skerry/testing/state-conformance-tools'
import { describeTexts } from '@skerry/testing/text-state-conformance'
import { watchBufferCharactersMax } from './limits.ts'
import { createMemoryState } from './memory-state.ts'

const doors = { clock: systemClock, random: systemRandom }

describeState('memory', async () => {
  const state = createMemoryState(doors)
  return { state, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() }
})

describeTexts('memory', async () => {
  const state = createMemoryState(doors)
  return { state, texts: state, [Symbol.asyncDispose]: () => state[Symbol.asyncDispose]() }
})

describe('memory state', () => {
  it('forgets old changes and says so', async () => {
    await using state = createMemoryState({ ...doors, changesMax: 8 })
    const first = await createConfigMap(state, 'first')
    for (let index = 0; index < 20; index += 1) await createConfigMap(state, `m${index}`)
    const { resourceVersion } = first.metadata
    const message = await refused(
      'Expired',
      openWatch(state, configMapKind, { resourceVersion }).next(),
    )
    assert.match(message, /^too old resource version: \d+ \(\d+\)$/)
  })
  it('cuts off a watcher that does not read', async () => {
    await using state = createMemoryState(doors)
    await using watch = openWatch(state, configMapKind, { bookmarks: true })
    await watch.next()
    const data = { a: 'x'.repeat(1_000_000) }
    for (let index = 0; index * 1_000_000 <= watchBufferCharactersMax; index += 1)
      await createConfigMap(state, `m${index}`, { data })
    assert.match(await refused('Expired', watch.next()), /fell behind/)
  })
  it('knows only the kinds it was given', async () => {
    await using state = createMemoryState({ ...doors, kinds: [siteKind] })
    await state.create(siteKind, site('a'))
    await refused('NotFound', createConfigMap(state, 'a'))
  })
  it('ends its watches when it is closed', async () => {
    const state = createMemoryState(doors)
    const watch = openWatch(state, configMapKind)
    const waiting = watch.next()
    waiting.catch(() => {})
    await state[Symbol.asyncDispose]()
    await refused('ServiceUnavailable', waiting)
  })
})
