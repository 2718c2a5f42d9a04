import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind, eventKind, namespaceKind, secretKind } from '@skerry/api/kinds/core'
import { siteKind } from '@skerry/api/kinds/site'
import { parseJson } from '@skerry/base/json'
import type { NewObject, State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import {
  type OpenState,
  configMap,
  createConfigMap,
  edit,
  key,
  refused,
  site,
} from './state-conformance-tools.ts'

export function describeWrites(open: OpenState): void {
  const test = (title: string, body: (state: State) => Promise<void>): void => {
    it(title, async () => {
      await using opened = await open()
      await body(opened.state)
    })
  }
  describe('create', () => describeCreate(test))
  describe('what is kept', () => describeFidelity(test))
  describe('update', () => describeUpdate(test))
  describe('update that writes nothing', () => describeUpdateRefusals(test))
  describe('delete', () => describeDelete(test))
  describe('namespaces and secrets', () => describeCoreRules(test))
}

type Test = (title: string, body: (state: State) => Promise<void>) => void

function describeCreate(test: Test): void {
  test('sets identity, times and versions, and drops status', async (state) => {
    const created = await state.create(siteKind, {
      ...site('oslo', { spec: { timeZone: 'Europe/Oslo' }, status: { health: 'Healthy' } }),
      metadata: { name: 'oslo', namespace: 'default', uid: 'mine', generation: 7 },
    })
    assert.equal(created.apiVersion, 'skerry.dev/v1alpha1')
    assert.equal(created.kind, 'Site')
    assert.match(created.metadata.uid, /^[0-9a-f-]{36}$/)
    assert.match(created.metadata.resourceVersion, /^[1-9]\d*$/)
    assert.match(created.metadata.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    assert.equal(created.metadata.generation, 1)
    assert.equal(created.status?.health, undefined)
    assert.equal(created.status?.connectivity, 'Never', 'the first status is given by the kind')
    assert.deepEqual(created.spec.variables, {}, 'defaults are filled in')
    assert.deepEqual(await state.get(siteKind, key('oslo')), created)
  })
  test('answers undefined for what is not there, whatever the name', async (state) => {
    for (const name of ['missing', 'Not A Name', 'a/../b', 'nul\u0000', 'x'.repeat(1000)])
      assert.equal(await state.get(configMapKind, key(name)), undefined)
  })
  test('refuses what is already there', async (state) => {
    await createConfigMap(state, 'a')
    const message = await refused('AlreadyExists', createConfigMap(state, 'a'))
    assert.match(message, /configmaps "a" already exists/)
  })
  test('reports every problem at once and stores nothing', async (state) => {
    const bad = site('Bad Name', {
      spec: { timeZone: 'Mars/Olympus', location: { latitude: 'x' } },
    })
    const message = await refused('Invalid', state.create(siteKind, bad))
    assert.match(message, /metadata\.name/)
    assert.match(message, /spec\.location\.latitude/)
    assert.equal((await state.list(siteKind)).items.length, 0)
  })
  test('makes a name from generateName', async (state) => {
    const input: NewObject = { metadata: { generateName: 'job-', namespace: 'default' } }
    const first = await state.create(configMapKind, input)
    const second = await state.create(configMapKind, input)
    assert.match(first.metadata.name, /^job-[a-z0-9]{5}$/)
    assert.notEqual(first.metadata.name, second.metadata.name)
  })
  test('refuses an object without a name', async (state) => {
    await refused('Invalid', state.create(configMapKind, { metadata: { namespace: 'default' } }))
  })
  test('tries without writing when asked for a dry run', async (state) => {
    const { resourceVersion } = await state.list(configMapKind)
    const tried = await state.create(configMapKind, configMap('a'), { dryRun: true })
    assert.equal(tried.metadata.name, 'a')
    assert.equal(await state.get(configMapKind, key('a')), undefined)
    assert.equal((await state.list(configMapKind)).resourceVersion, resourceVersion)
    await createConfigMap(state, 'a')
    await refused('AlreadyExists', state.create(configMapKind, configMap('a'), { dryRun: true }))
  })
  test('refuses what is too large', async (state) => {
    await refused(
      'RequestEntityTooLarge',
      state.create(eventKind, {
        metadata: { name: 'a', namespace: 'default' },
        involvedObject: {},
        message: 'x'.repeat(4 << 20),
      }),
    )
  })
  test('refuses what nests too deep', async (state) => {
    let deep: unknown = 'x'
    for (let level = 0; level < 500; level += 1) deep = { deep }
    await refused('BadRequest', createConfigMap(state, 'a', { data: deep as never }))
  })
}

function describeFidelity(test: Test): void {
  test('keeps U+0000, lone surrogates, odd keys and their order', async (state) => {
    const data = parseJson(
      '{"z":"nul \\u0000 end","__proto__":"own","lone":"\\ud800","a":"\\u2028 😀","constructor":"x"}',
    ) as Record<string, string>
    await createConfigMap(state, 'odd', { data })
    const read = await state.get(configMapKind, key('odd'))
    // Over HTTP half a character is none, as for a kube-apiserver.
    const halves = [data['lone']!, '\ufffd']
    assert.ok(
      halves.some((lone) => JSON.stringify(read!.data) === JSON.stringify({ ...data, lone })),
      JSON.stringify(read!.data),
    )
  })
  test('keeps integers past 2^53', async (state) => {
    const { metadata } = configMap('big')
    const more = parseJson('{"deletionGracePeriodSeconds":9007199254740993}') as object
    await state.create(configMapKind, { metadata: { ...metadata, ...more } })
    const read = await state.get(configMapKind, key('big'))
    assert.match(JSON.stringify(read), /"deletionGracePeriodSeconds":9007199254740993[,}]/)
  })
  test('shares no object with its callers', async (state) => {
    const input = configMap('a', { data: { a: '1' } })
    const created = await state.create(configMapKind, input)
    ;(input['data'] as Record<string, string>)['a'] = 'changed'
    created.data!['a'] = 'changed'
    const read = await state.get(configMapKind, key('a'))
    assert.equal(read!.data!['a'], '1')
    read!.data!['a'] = 'changed'
    const listed = await state.list(configMapKind)
    assert.equal(listed.items[0]!.data!['a'], '1')
    listed.items[0]!.data!['a'] = 'changed'
    assert.equal((await state.get(configMapKind, key('a')))!.data!['a'], '1')
  })
}

function describeUpdate(test: Test): void {
  test('replaces the spec, counts generations and keeps identity', async (state) => {
    const created = await state.create(siteKind, site('a'))
    const next = edit(created)
    next['spec'] = { timeZone: 'Europe/Rome' }
    const updated = await state.update(siteKind, next)
    assert.equal(updated.metadata.generation, 2)
    assert.equal(updated.metadata.uid, created.metadata.uid)
    assert.equal(updated.metadata.creationTimestamp, created.metadata.creationTimestamp)
    assert.ok(Number(updated.metadata.resourceVersion) > Number(created.metadata.resourceVersion))
    const labelled = edit(updated)
    labelled.metadata.labels = { tier: 'gold' }
    assert.equal((await state.update(siteKind, labelled)).metadata.generation, 2, 'labels: no spec')
  })
  test('refuses a stale version and another uid, and takes none as any', async (state) => {
    const first = await createConfigMap(state, 'a', { data: { n: '0' } })
    const next = edit(first)
    next['data'] = { n: '1' }
    await state.update(configMapKind, next)
    next['data'] = { n: '2' }
    assert.match(
      await refused('Conflict', state.update(configMapKind, next)),
      /the object has been modified/,
    )
    const other = edit(configMap('a', { data: { n: '3' } }))
    other.metadata.uid = '00000000-0000-4000-8000-000000000000'
    await refused('Conflict', state.update(configMapKind, other))
    const blind = await state.update(configMapKind, edit(configMap('a', { data: { n: '4' } })))
    assert.deepEqual(blind.data, { n: '4' })
  })
  test('makes no version when nothing changes', async (state) => {
    const created = await createConfigMap(state, 'a', { data: { n: '0' } })
    const same = await state.update(configMapKind, edit(created))
    assert.deepEqual(same, created)
    const { resourceVersion } = await state.list(configMapKind)
    assert.equal(resourceVersion, created.metadata.resourceVersion)
  })
  test('keeps status and spec apart', async (state) => {
    const created = await state.create(siteKind, site('a'))
    const withStatus = edit(created)
    withStatus['status'] = { health: 'Healthy' }
    withStatus['spec'] = { timeZone: 'Europe/Rome' }
    const told = await state.update(siteKind, withStatus, { subresource: 'status' })
    assert.equal(told.status!.health, 'Healthy')
    assert.equal(told.spec.timeZone, 'UTC')
    assert.equal(told.metadata.generation, 1)
    const withSpec = edit(told)
    withSpec['status'] = { health: 'Failed' }
    withSpec['spec'] = { timeZone: 'Europe/Rome' }
    const changed = await state.update(siteKind, withSpec)
    assert.equal(changed.status!.health, 'Healthy')
    assert.equal(changed.spec.timeZone, 'Europe/Rome')
  })
}

function describeUpdateRefusals(test: Test): void {
  test('refuses what is not there, what is invalid, and a status that no kind has', async (state) => {
    await refused('NotFound', state.update(configMapKind, edit(configMap('a'))))
    const created = await state.create(siteKind, site('a'))
    const bad = edit(created)
    bad['spec'] = { timeZone: 'Mars/Olympus' }
    await refused('Invalid', state.update(siteKind, bad))
    const map = await createConfigMap(state, 'a')
    await refused('NotFound', state.update(configMapKind, edit(map), { subresource: 'status' }))
  })
  test('tries without writing when asked for a dry run', async (state) => {
    const created = await createConfigMap(state, 'a', { data: { n: '0' } })
    const next = edit(created)
    next['data'] = { n: '1' }
    const tried = await state.update(configMapKind, next, { dryRun: true })
    assert.deepEqual(tried.data, { n: '1' })
    assert.deepEqual(await state.get(configMapKind, key('a')), created)
  })
}

function describeDelete(test: Test): void {
  test('removes, and a new object of the name is another', async (state) => {
    const created = await createConfigMap(state, 'a')
    const gone = await state.delete(configMapKind, key('a'))
    assert.equal(gone.metadata.uid, created.metadata.uid)
    assert.equal(await state.get(configMapKind, key('a')), undefined)
    await refused('NotFound', state.delete(configMapKind, key('a')))
    await refused('NotFound', state.delete(configMapKind, key('nul\u0000')))
    assert.notEqual((await createConfigMap(state, 'a')).metadata.uid, created.metadata.uid)
  })
  test('keeps its preconditions', async (state) => {
    const { metadata } = await createConfigMap(state, 'a')
    const stale = { resourceVersion: String(Number(metadata.resourceVersion) - 1) }
    await refused('Conflict', state.delete(configMapKind, key('a'), { preconditions: stale }))
    const other = { uid: '00000000-0000-4000-8000-000000000000' }
    await refused('Conflict', state.delete(configMapKind, key('a'), { preconditions: other }))
    const { uid, resourceVersion } = metadata
    await state.delete(configMapKind, key('a'), { preconditions: { uid, resourceVersion } })
  })
  test('waits for finalizers, and the last one takes it away', async (state) => {
    await createConfigMap(state, 'a', {
      metadata: { name: 'a', namespace: 'default', finalizers: ['example.com/first'] },
    })
    const marked = await state.delete(configMapKind, key('a'))
    assert.ok(marked.metadata.deletionTimestamp !== undefined)
    const again = await state.delete(configMapKind, key('a'))
    assert.deepEqual(again, marked, 'asking twice changes nothing')
    const unmarked = edit(marked)
    delete unmarked.metadata.deletionTimestamp
    unmarked['data'] = { still: 'editable' }
    const edited = await state.update(configMapKind, unmarked)
    assert.equal(edited.metadata.deletionTimestamp, marked.metadata.deletionTimestamp)
    const finished = edit(edited)
    finished.metadata.finalizers = []
    await state.update(configMapKind, finished)
    assert.equal(await state.get(configMapKind, key('a')), undefined)
  })
  test('marks for the garbage collector in the foreground', async (state) => {
    await createConfigMap(state, 'a')
    const marked = await state.delete(configMapKind, key('a'), { propagationPolicy: 'Foreground' })
    assert.deepEqual(marked.metadata.finalizers, ['foregroundDeletion'])
  })
  test('tries without writing when asked for a dry run', async (state) => {
    const created = await createConfigMap(state, 'a')
    await state.delete(configMapKind, key('a'), { dryRun: true })
    assert.deepEqual(await state.get(configMapKind, key('a')), created)
  })
}

function describeCoreRules(test: Test): void {
  test('has the namespace default, and new ones are active', async (state) => {
    const first = await state.get(namespaceKind, { name: 'default' })
    assert.equal(first?.status?.phase, 'Active')
    const created = await state.create(namespaceKind, { metadata: { name: 'shops' } })
    assert.equal(created.status?.phase, 'Active')
  })
  test('creates nothing in a namespace that is missing or going', async (state) => {
    const inShops = configMap('a', { metadata: { name: 'a', namespace: 'shops' } })
    assert.match(
      await refused('NotFound', state.create(configMapKind, inShops)),
      /namespaces "shops" not found/,
    )
    await state.create(namespaceKind, { metadata: { name: 'shops', finalizers: ['x.dev/wait'] } })
    await state.create(configMapKind, inShops)
    const going = await state.delete(namespaceKind, { name: 'shops' })
    assert.equal(going.status?.phase, 'Terminating')
    const another = configMap('b', { metadata: { name: 'b', namespace: 'shops' } })
    assert.match(
      await refused('Forbidden', state.create(configMapKind, another)),
      /shops because it is being terminated/,
    )
  })
  test('moves the text of a secret into its data', async (state) => {
    const created = await state.create(secretKind, {
      ...configMap('s'),
      data: { kept: 'YQ==', replaced: 'YQ==' },
      stringData: { replaced: 'héllo', added: '' },
    })
    assert.equal(created.stringData, undefined)
    assert.deepEqual(created.data, { kept: 'YQ==', replaced: 'aMOpbGxv', added: '' })
    const next = edit(created)
    next['stringData'] = { kept: 'b' }
    const updated = await state.update(secretKind, next)
    assert.deepEqual(updated.data, { kept: 'Yg==', replaced: 'aMOpbGxv', added: '' })
    const wrong = { ...configMap('t'), stringData: { a: 1 } }
    // Over HTTP it is refused before it is an object.
    await assert.rejects(state.create(secretKind, wrong), (thrown) =>
      isApiError(thrown, 'Invalid', 'BadRequest'),
    )
  })
}
