import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseLabelSelector } from '@skerry/api/label-selector-parser'
import type { ListOptions } from '@skerry/api/state'
import { gone } from '@skerry/api/status'
import { KeptText } from './kept-text.ts'
import type { Change } from './ledger.ts'
import { watchBufferChangesMax } from './limits.ts'
import { WatchGroup, departedText } from './watch-group.ts'

const kept = (name: string, tier: string, version: number) =>
  new KeptText(
    `{"metadata":{"name":"${name}","labels":{"tier":"${tier}"},"resourceVersion":"${version}"}}`,
  )

const change = (version: number, tiers: [before: string, after: string], name = 'a'): Change => ({
  version,
  row: { resource: 'r', namespace: 'n', name },
  before: tiers[0] === '' ? undefined : kept(name, tiers[0], version - 1),
  after: tiers[1] === '' ? undefined : kept(name, tiers[1], version),
})

const groupOf = (options: ListOptions = {}) =>
  new WatchGroup({ key: 'k', resource: 'r', options, show: (text) => text })

const tell = (group: WatchGroup, told: Change): boolean =>
  group.tell(
    told,
    () => departedText(told),
    () => gone('too slow'),
  )

describe('watchers that want the same', () => {
  it('are told by one list when they are equally far', () => {
    const group = groupOf()
    const [early, other] = [group.join(undefined), group.join(undefined)]
    assert.equal(tell(group, change(1, ['', 'x'])), true)
    const late = group.join(undefined)
    tell(group, change(2, ['x', 'y']))
    const both = group.take(early)
    assert.deepEqual(
      both.map(({ type, version }) => [type, version]),
      [
        ['ADDED', 1],
        ['MODIFIED', 2],
      ],
    )
    assert.equal(group.take(other), both)
    assert.deepEqual(
      group.take(late).map(({ version }) => version),
      [2],
    )
    assert.deepEqual(group.take(late), [])
    assert.equal(group.hasNews(early), false)
  })
  it('are not woken by what they do not want', () => {
    const group = groupOf({ labelSelector: parseLabelSelector('tier=gold'), namespace: 'n' })
    const watcher = group.join(undefined)
    assert.equal(tell(group, change(1, ['', 'iron'])), false)
    assert.equal(tell(group, change(2, ['iron', 'gold'])), true)
    assert.equal(tell(group, change(3, ['gold', 'gold'])), true)
    assert.equal(tell(group, change(4, ['gold', 'iron'])), true)
    assert.equal(tell(group, change(5, ['iron', ''])), false)
    const events = group.take(watcher)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['ADDED', 'MODIFIED', 'DELETED'],
    )
    const { metadata } = events[2]!.item.object
    assert.deepEqual([metadata.labels, metadata.resourceVersion], [{ tier: 'gold' }, '4'])
  })
  it('lose the slowest when too much waits, and go on', () => {
    const group = groupOf()
    const [slow, quick] = [group.join(undefined), group.join(undefined)]
    for (let version = 1; version <= watchBufferChangesMax + 1; version += 1) {
      tell(group, change(version, ['x', 'y']))
      if (version % 1_000 === 0) assert.equal(group.take(quick).length, 1_000)
    }
    assert.match(String(slow.error), /too slow/)
    assert.equal(quick.error, undefined)
    assert.deepEqual(
      group.take(quick).map(({ version }) => version),
      [watchBufferChangesMax + 1],
    )
  })
})
