import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind, namespaceKind } from '@skerry/api/kinds/core'
import { parseFieldSelector } from '@skerry/api/selector'
import { parseLabelSelector } from '@skerry/api/label-selector-parser'
import type { State } from '@skerry/api/state'
import {
  type PageOptions,
  type StoredText,
  type TextEvent,
  type TextState,
  openingOf,
} from '@skerry/api/text-state'
import { configMap, createConfigMap, edit, key, refused } from './state-conformance-tools.ts'

export type OpenedTexts = AsyncDisposable & { readonly state: State; readonly texts: TextState }
export type OpenTexts = () => Promise<OpenedTexts>

/** What every `TextState` does; `open` gives one with nothing in it but the namespace `default`. */
export function describeTexts(name: string, open: OpenTexts): void {
  describe(`TextState: ${name}`, () => {
    const test = (title: string, body: (opened: OpenedTexts) => Promise<void>): void => {
      it(title, async () => {
        await using opened = await open()
        await body(opened)
      })
    }
    describeObjects(test)
    describeWrites(test)
    describePages(test)
    describeSnapshots(test)
    describeEvents(test)
  })
}

type Test = (title: string, body: (opened: OpenedTexts) => Promise<void>) => void

function describeObjects(test: Test): void {
  test('gives the text of an object, which begins with its type', async ({ state, texts }) => {
    const created = await createConfigMap(state, 'a', { data: { u: 'ü\u0000\ud800"}' } })
    const stored = (await texts.getText(configMapKind, key('a')))!
    assert.ok(stored.text.startsWith(openingOf(configMapKind)))
    assert.deepEqual(JSON.parse(stored.text), created)
    assert.deepEqual(stored.object, created)
    assert.equal(await texts.getText(configMapKind, key('b')), undefined)
    assert.equal(await texts.getText(configMapKind, key('nul\u0000')), undefined)
    assert.equal(await texts.version(), created.metadata.resourceVersion)
  })
  test('sees what was written before, of many gets at once', async ({ state, texts }) => {
    const created = await createConfigMap(state, 'a', { data: { n: '0' } })
    let version = created.metadata.resourceVersion
    for (let turn = 1; turn < 20; turn += 1) {
      const gets = Array.from({ length: 5 }, () => texts.getText(configMapKind, key('a')))
      for (const stored of await Promise.all(gets))
        assert.equal(stored?.object.metadata.resourceVersion, version)
      const next = edit(created)
      next['data'] = { n: String(turn) }
      delete next.metadata.resourceVersion
      version = (await state.update(configMapKind, next)).metadata.resourceVersion
    }
  })
}

function describeWrites(test: Test): void {
  test('answers a write with the text that is kept', async ({ state, texts }) => {
    const made = configMap('a', { data: { n: '1' } })
    const created = await texts.createText(configMapKind, made)
    assert.ok(created.text.startsWith(openingOf(configMapKind)))
    assert.deepEqual(created.object, JSON.parse(created.text))
    assert.equal((await texts.getText(configMapKind, key('a')))?.text, created.text)
    await refused('AlreadyExists', texts.createText(configMapKind, made))
    const next = edit(created.object)
    next['data'] = { n: '2' }
    const tried = await texts.updateText(configMapKind, next, { dryRun: true })
    assert.deepEqual(tried.object['data'], { n: '2' })
    assert.equal((await texts.getText(configMapKind, key('a')))?.text, created.text)
    const updated = await texts.updateText(configMapKind, next)
    assert.equal((await texts.getText(configMapKind, key('a')))?.text, updated.text)
    await refused('Conflict', texts.updateText(configMapKind, next))
    await state.delete(configMapKind, key('a'))
    assert.equal(await texts.getText(configMapKind, key('a')), undefined)
    await refused('NotFound', texts.updateText(configMapKind, next))
    const again = await texts.createText(configMapKind, made)
    assert.notEqual(again.object.metadata.uid, created.object.metadata.uid)
    assert.equal((await texts.getText(configMapKind, key('a')))?.text, again.text)
  })
}

function describePages(test: Test): void {
  test('gives pages in order, with what is left', async ({ state, texts }) => {
    await state.create(namespaceKind, { metadata: { name: 'alps' } })
    for (const name of ['c', 'a', 'b', 'd']) await createConfigMap(state, name)
    await state.create(
      configMapKind,
      configMap('z', { metadata: { name: 'z', namespace: 'alps' } }),
    )
    const first = await pageOf(texts, { limit: 2 })
    assert.deepEqual([first.names, first.left], [['alps/z', 'default/a'], 3])
    const second = await pageOf(texts, { limit: 2, ...first.more })
    assert.deepEqual([second.names, second.left], [['default/b', 'default/c'], 1])
    const third = await pageOf(texts, { limit: 2, ...second.more })
    assert.deepEqual([third.names, third.more], [['default/d'], undefined])
    assert.deepEqual((await pageOf(texts, { limit: 5 })).more, undefined)
    const inDefault = await pageOf(texts, { limit: 3, namespace: 'default' })
    assert.deepEqual(inDefault.names, ['default/a', 'default/b', 'default/c'])
    assert.equal(inDefault.left, 1)
  })
  test('gives pages of what a selector chooses, and counts nothing', async ({ state, texts }) => {
    for (const [index, name] of ['a', 'b', 'c', 'd', 'e'].entries())
      await createConfigMap(state, name, {
        metadata: { name, namespace: 'default', labels: { odd: String(index % 2), n: `${index}` } },
      })
    const even = parseLabelSelector('odd=0')
    const first = await pageOf(texts, { limit: 2, labelSelector: even })
    assert.deepEqual([first.names, first.left], [['default/a', 'default/c'], undefined])
    const rest = await pageOf(texts, { limit: 2, labelSelector: even, ...first.more })
    assert.deepEqual([rest.names, rest.more], [['default/e'], undefined])
    for (const [selector, wanted] of Object.entries({ 'n>2': 2, 'n<2': 2, 'n in (1,9)': 1 })) {
      const labelSelector = parseLabelSelector(selector)
      assert.equal((await pageOf(texts, { labelSelector })).names.length, wanted, selector)
    }
    const fieldSelector = parseFieldSelector('metadata.name!=a', configMapKind)
    const named = await pageOf(texts, { limit: 1, fieldSelector })
    assert.deepEqual([named.names, named.left], [['default/b'], undefined])
    const where = (object: { metadata: { name: string } }) => object.metadata.name > 'c'
    assert.deepEqual((await pageOf(texts, { where })).names, ['default/d', 'default/e'])
  })
}

function describeSnapshots(test: Test): void {
  test('gives all pages of one version, whatever changes meanwhile', async ({ state, texts }) => {
    for (const name of ['b', 'd', 'f', 'h'])
      await createConfigMap(state, name, { data: { v: '1' } })
    const first = await pageOf(texts, { limit: 1 })
    for (const name of ['a', 'c', 'e', 'i']) await createConfigMap(state, name)
    await state.delete(configMapKind, key('d'))
    await createConfigMap(state, 'd', { data: { v: 'made anew' } })
    await state.delete(configMapKind, key('h'))
    for (const v of ['2', '3']) {
      const next = edit(await state.get(configMapKind, key('f')))
      next['data'] = { v }
      await state.update(configMapKind, next)
    }
    const rest: string[] = []
    for (let page = first; page.more !== undefined;) {
      page = await pageOf(texts, { limit: 1, ...page.more })
      assert.equal(page.version, first.version)
      for (const { object } of page.items) {
        assert.deepEqual(object['data'], { v: '1' })
        assert.ok(Number(object.metadata.resourceVersion) <= Number(first.version))
      }
      rest.push(...page.names)
    }
    assert.deepEqual(rest, ['default/d', 'default/f', 'default/h'])
    const exact = await pageOf(texts, { at: first.version })
    assert.deepEqual(exact.names, ['default/b', 'default/d', 'default/f', 'default/h'])
    const now = await pageOf(texts, {})
    assert.deepEqual(
      now.names.map((name) => name.at(-1)),
      ['a', 'b', 'c', 'd', 'e', 'f', 'i'],
    )
  })
  test('chooses by the labels that were there at the version', async ({ state, texts }) => {
    const labelled = (name: string, labels: Record<string, string>) =>
      createConfigMap(state, name, { metadata: { name, namespace: 'default', labels } })
    await labelled('a', { tier: 'gold' })
    const last = await labelled('b', { tier: 'iron' })
    for (const [name, tier] of [
      ['a', 'iron'],
      ['b', 'gold'],
    ] as const) {
      const next = edit(await state.get(configMapKind, key(name)))
      next.metadata.labels = { tier }
      await state.update(configMapKind, next)
    }
    const options = {
      at: last.metadata.resourceVersion,
      labelSelector: parseLabelSelector('tier=gold'),
    }
    assert.deepEqual((await pageOf(texts, options)).names, ['default/a'])
  })
}

function describeEvents(test: Test): void {
  test('tells those who watch the same by the very same lists', async ({ state, texts }) => {
    const resourceVersion = await texts.version()
    const stop = new AbortController()
    const options = { resourceVersion, signal: stop.signal }
    const watches = [1, 2, 3].map(() => texts.watchTexts(configMapKind, options))
    const firsts = watches.map((watch) => watch[Symbol.asyncIterator]())
    const waiting = firsts.map((events) => events.next())
    // All of them wait before anything is there to be told.
    await Promise.race([Promise.all(waiting), texts.version()])
    const created = await createConfigMap(state, 'a')
    const lists = await Promise.all(waiting)
    const told = lists.map(({ value }) => value as readonly TextEvent[])
    for (const events of told) {
      const [event] = events
      assert.ok(event?.type === 'ADDED')
      assert.deepEqual(JSON.parse(event.item.text), created)
    }
    assert.ok(told[0] === told[1] && told[1] === told[2])
    stop.abort()
    for (const events of firsts) assert.equal((await events.next()).done, true)
  })
  test('refuses a version that nobody has yet', async ({ texts }) => {
    const { signal } = new AbortController()
    const future = { signal, resourceVersion: String(Number(await texts.version()) + 1_000) }
    const events = texts.watchTexts(configMapKind, future)[Symbol.asyncIterator]()
    await refused('Expired', events.next())
  })
}

type Page = {
  readonly names: string[]
  readonly items: readonly StoredText[]
  readonly version: string
  readonly left: number | undefined
  /** What to ask for the next page; undefined after the last. */
  readonly more: PageOptions | undefined
}

async function pageOf(texts: TextState, options: PageOptions): Promise<Page> {
  const page = await texts.listTexts(configMapKind, options)
  const items: StoredText[] = []
  for await (const slice of page.slices) items.push(...slice)
  const { resourceVersion: version } = page
  const after = page.next()
  const left = page.remainingItemCount()
  return {
    names: items.map(({ object: { metadata } }) => `${metadata.namespace}/${metadata.name}`),
    items,
    version,
    left,
    more: after && { after, at: version, remaining: left },
  }
}
