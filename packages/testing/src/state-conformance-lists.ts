import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind, namespaceKind } from '@skerry/api/kinds/core'
import { siteKind } from '@skerry/api/kinds/site'
import { parseLabelSelector } from '@skerry/api/label-selector-parser'
import { parseFieldSelector } from '@skerry/api/selector'
import type { State } from '@skerry/api/state'
import {
  type OpenState,
  configMap,
  createConfigMap,
  edit,
  site,
} from './state-conformance-tools.ts'

export function describeLists(open: OpenState): void {
  describe('list', () => {
    it('answers one kind, in order of namespace and name', async () => {
      await using opened = await open()
      const { state } = opened
      await state.create(namespaceKind, { metadata: { name: 'alps' } })
      for (const name of ['b', 'a', 'c']) await createConfigMap(state, name)
      await state.create(
        configMapKind,
        configMap('z', { metadata: { name: 'z', namespace: 'alps' } }),
      )
      await state.create(siteKind, site('a'))
      const all = await state.list(configMapKind)
      assert.deepEqual(
        all.items.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
        ['alps/z', 'default/a', 'default/b', 'default/c'],
      )
      assert.deepEqual(await names(state, { namespace: 'default' }), ['a', 'b', 'c'])
      await state.create(namespaceKind, { metadata: { name: 'alps-south' } })
      const inSouth = { name: 'a', namespace: 'alps-south' }
      await state.create(configMapKind, configMap('a', { metadata: inSouth }))
      assert.deepEqual((await names(state, {})).slice(0, 2), ['z', 'a'], 'alps before alps-south')
      assert.deepEqual(await names(state, { namespace: 'nul\u0000' }), [])
      const last = await state.get(siteKind, { namespace: 'default', name: 'a' })
      assert.equal(all.resourceVersion, last!.metadata.resourceVersion, 'one order for all kinds')
    })
    it('selects by labels', () => selectsByLabels(open))
    it('selects by fields', async () => {
      await using opened = await open()
      const { state } = opened
      for (const name of ['a', 'b']) await state.create(siteKind, site(name))
      const [first] = (await state.list(siteKind)).items
      const failed = edit(first)
      failed['status'] = { health: 'Failed' }
      await state.update(siteKind, failed, { subresource: 'status' })
      const select = async (text: string) => {
        const fieldSelector = parseFieldSelector(text, siteKind)
        const { items } = await state.list(siteKind, { fieldSelector })
        return items.map(({ metadata }) => metadata.name)
      }
      assert.deepEqual(await select('metadata.name=b'), ['b'])
      assert.deepEqual(await select('metadata.name!=b'), ['a'])
      assert.deepEqual(await select('status.health=Failed'), ['a'])
      assert.deepEqual(await select('status.health!=Failed'), ['b'])
      assert.deepEqual(await select('metadata.namespace=default,metadata.name=a'), ['a'])
    })
  })
}

async function selectsByLabels(open: OpenState): Promise<void> {
  await using opened = await open()
  const { state } = opened
  const labels = { a: { tier: 'gold', app: 'till' }, b: { tier: 'iron' }, c: {} }
  for (const [name, of] of Object.entries(labels))
    await createConfigMap(state, name, { metadata: { name, namespace: 'default', labels: of } })
  const expected: Record<string, string[]> = {
    'tier=gold': ['a'],
    'tier!=gold': ['b', 'c'],
    'tier in (gold,iron)': ['a', 'b'],
    'tier notin (gold,iron)': ['c'],
    tier: ['a', 'b'],
    '!tier': ['c'],
    'tier=gold,app=till': ['a'],
    'tier=gold,app=other': [],
    'tier=': [],
  }
  for (const [text, wanted] of Object.entries(expected)) {
    const found = await names(state, { labelSelector: parseLabelSelector(text) })
    assert.deepEqual(found, wanted, text)
  }
}

async function names(state: State, options: Parameters<State['list']>[1]): Promise<string[]> {
  const { items } = await state.list(configMapKind, options)
  return items.map(({ metadata }) => metadata.name)
}
