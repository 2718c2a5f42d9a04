import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind, namespaceKind } from '@skerry/api/kinds/core'
import { siteKind } from '@skerry/api/kinds/site'
import { parseLabelSelector } from '@skerry/api/label-selector-parser'
import { parseFieldSelector } from '@skerry/api/selector'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import {
  type OpenState,
  configMap,
  createConfigMap,
  edit,
  key,
  openWatch,
  refused,
  site,
  told,
  versionOf,
} from './state-conformance-tools.ts'

export function describeWatches(open: OpenState): void {
  describe('watch', () => {
    const test = (title: string, body: (state: State) => Promise<void>): void => {
      it(title, async () => {
        await using opened = await open()
        await body(opened.state)
      })
    }
    describeStarts(test)
    describeStream(test)
    describeSelectors(test)
  })
}

type Test = (title: string, body: (state: State) => Promise<void>) => void

function describeStarts(test: Test): void {
  test('begins with what is there, says so, and goes on', async (state) => {
    await createConfigMap(state, 'a')
    const second = await createConfigMap(state, 'b')
    await using watch = openWatch(state, configMapKind, { bookmarks: true })
    const events = await watch.take(3)
    assert.deepEqual(told(events), ['ADDED a', 'ADDED b', 'BOOKMARK'])
    const mark = events[2]!
    assert.ok(mark.type === 'BOOKMARK' && mark.isInitialEnd === true)
    assert.equal(mark.resourceVersion, second.metadata.resourceVersion)
    await createConfigMap(state, 'c')
    assert.deepEqual(told([await watch.next()]), ['ADDED c'])
  })
  test('begins after a version, with all that came since', async (state) => {
    const first = await createConfigMap(state, 'a')
    const changed = edit(first)
    changed['data'] = { n: '1' }
    await state.update(configMapKind, changed)
    await state.delete(configMapKind, key('a'))
    const { resourceVersion } = first.metadata
    await using watch = openWatch(state, configMapKind, { resourceVersion })
    assert.deepEqual(told(await watch.take(2)), ['MODIFIED a', 'DELETED a'])
    await createConfigMap(state, 'b')
    assert.deepEqual(told([await watch.next()]), ['ADDED b'])
  })
  test('begins where a list ended, and misses and repeats nothing', async (state) => {
    await createConfigMap(state, 'a')
    const { resourceVersion } = await state.list(configMapKind)
    await createConfigMap(state, 'b')
    await using watch = openWatch(state, configMapKind, { resourceVersion })
    await createConfigMap(state, 'c')
    assert.deepEqual(told(await watch.take(2)), ['ADDED b', 'ADDED c'])
  })
  test('refuses a version that nobody has yet, and one that is none', async (state) => {
    const { resourceVersion } = await state.list(configMapKind)
    const future = { resourceVersion: String(Number(resourceVersion) + 1_000_000) }
    await refused('Expired', openWatch(state, configMapKind, future).next())
    // Kubernetes has no reason for it and answers 500.
    await assert.rejects(
      openWatch(state, configMapKind, { resourceVersion: 'x1' }).next(),
      (thrown) => isApiError(thrown, 'BadRequest', 'Unknown', 'InternalError'),
    )
  })
}

function describeStream(test: Test): void {
  test('gives each change with its own version and the object as it was then', async (state) => {
    const { resourceVersion } = await state.list(configMapKind)
    await using watch = openWatch(state, configMapKind, { resourceVersion })
    const created = await createConfigMap(state, 'a', { data: { n: '0' } })
    const next = edit(created)
    next['data'] = { n: '1' }
    const updated = await state.update(configMapKind, next)
    const removed = await state.delete(configMapKind, key('a'))
    const events = await watch.take(3)
    assert.deepEqual(told(events), ['ADDED a', 'MODIFIED a', 'DELETED a'])
    const [added, modified, deleted] = events.map((event) =>
      event.type === 'BOOKMARK' ? undefined : event.object,
    )
    assert.deepEqual(added, created)
    assert.deepEqual(modified, updated)
    assert.deepEqual(deleted!['data'], { n: '1' })
    assert.ok(versionOf(events[2]!) > Number(updated.metadata.resourceVersion))
    assert.equal(deleted!.metadata.resourceVersion, removed.metadata.resourceVersion)
  })
  test('hears nothing of other kinds, of other namespaces, or of changes of nothing', async (state) => {
    await state.create(namespaceKind, { metadata: { name: 'alps' } })
    const { resourceVersion } = await state.list(configMapKind)
    const options = { namespace: 'default', resourceVersion }
    await using watch = openWatch(state, configMapKind, options)
    await state.create(siteKind, site('a'))
    await state.create(
      configMapKind,
      configMap('a', { metadata: { name: 'a', namespace: 'alps' } }),
    )
    const created = await createConfigMap(state, 'a')
    await state.update(configMapKind, edit(created))
    await createConfigMap(state, 'b')
    assert.deepEqual(told(await watch.take(2)), ['ADDED a', 'ADDED b'])
  })
  test('gives every watcher objects of its own', async (state) => {
    await using first = openWatch(state, configMapKind)
    await using second = openWatch(state, configMapKind)
    await createConfigMap(state, 'a', { data: { n: '0' } })
    const seen = await first.next()
    assert.ok(seen.type !== 'BOOKMARK')
    seen.object['data'] = 'changed'
    const other = await second.next()
    assert.ok(other.type !== 'BOOKMARK')
    assert.deepEqual(other.object['data'], { n: '0' })
  })
  test('ends when asked to, also while it waits', async (state) => {
    const watch = openWatch(state, configMapKind, { bookmarks: true })
    assert.deepEqual(told([await watch.next()]), ['BOOKMARK'])
    const waiting = watch.next()
    waiting.catch(() => {})
    await watch.end()
    await assert.rejects(waiting, /the watch ended/)
    await using stopped = openWatch(state, configMapKind)
    await stopped.end()
  })
}

function describeSelectors(test: Test): void {
  test('an object that comes to match is ADDED, one that no longer does is DELETED', async (state) => {
    const created = await createConfigMap(state, 'a', {
      metadata: { name: 'a', namespace: 'default', labels: { tier: 'iron' } },
    })
    const labelSelector = parseLabelSelector('tier=gold')
    const { resourceVersion } = created.metadata
    await using watch = openWatch(state, configMapKind, { labelSelector, resourceVersion })
    const relabel = async (tier: string, n: string): Promise<void> => {
      const next = edit(await state.get(configMapKind, key('a')))
      next.metadata.labels = { tier }
      next['data'] = { n }
      await state.update(configMapKind, next)
    }
    await relabel('gold', '1')
    await relabel('gold', '2')
    await relabel('iron', '3')
    await relabel('iron', '4')
    await relabel('gold', '5')
    await state.delete(configMapKind, key('a'))
    const events = await watch.take(5)
    assert.deepEqual(told(events), ['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a'])
    const left = events[2]!
    assert.ok(left.type !== 'BOOKMARK')
    assert.deepEqual(left.object['data'], { n: '2' }, 'as it last matched')
    assert.ok(versionOf(left) > versionOf(events[1]!))
  })
  test('selects by fields, as lists do', async (state) => {
    for (const name of ['a', 'b']) await createConfigMap(state, name)
    const fieldSelector = parseFieldSelector('metadata.name=b', configMapKind)
    await using watch = openWatch(state, configMapKind, { fieldSelector })
    assert.deepEqual(told([await watch.next()]), ['ADDED b'])
    await state.delete(configMapKind, key('a'))
    await state.delete(configMapKind, key('b'))
    assert.deepEqual(told([await watch.next()]), ['DELETED b'])
  })
}
