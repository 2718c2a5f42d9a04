import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import { siteKind } from '@skerry/api/kinds/site'
import type { StoredObject } from '@skerry/api/object'
import { partialMetadata, tableOf } from '@skerry/api/table'
import {
  columnDefinitionsText,
  endOfObject,
  listItemText,
  partialText,
  rowText,
} from './item-text.ts'

const annotations = { 'a"}{': '\\', b: '\\"}', c: '{"deep":[{}]}', d: '\u2028😀\\\\"' }

function stored(apiVersion: string, kind: string): { text: string; object: StoredObject } {
  const metadata = { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '5', annotations }
  const object = { apiVersion, kind, metadata, spec: { metadata: {} }, data: { x: '}' } }
  return { text: JSON.stringify(object), object: object as unknown as StoredObject }
}

describe('the text of an item', () => {
  it('is what is stored, without its type among Kubernetes’ own kinds', () => {
    const map = stored('v1', 'ConfigMap')
    const { apiVersion: _, kind: __, ...rest } = map.object
    assert.deepEqual(JSON.parse(listItemText(configMapKind, map)), rest)
    const site = stored('skerry.dev/v1alpha1', 'Site')
    assert.equal(listItemText(siteKind, site), site.text)
  })
  it('is cut to its metadata, whatever stands in it', () => {
    const site = stored('skerry.dev/v1alpha1', 'Site')
    assert.deepEqual(JSON.parse(partialText(siteKind, site)), partialMetadata(site.object))
  })
  it('is a row of the table that the object would be', () => {
    const site = stored('skerry.dev/v1alpha1', 'Site')
    for (const includeObject of ['None', 'Metadata', 'Object'] as const) {
      const options = { nowMs: 0, includeObject }
      const table = tableOf(siteKind, [site.object], options)
      assert.deepEqual(JSON.parse(rowText(siteKind, site, options)), table.rows[0])
      assert.deepEqual(JSON.parse(columnDefinitionsText(siteKind)), table.columnDefinitions)
    }
  })
  it('is a row without what is not shown being looked into', () => {
    const object = {
      apiVersion: 'skerry.dev/v1alpha1',
      kind: 'Site',
      metadata: { name: 'a', creationTimestamp: '1970-01-01T00:00:00Z' },
      spec: { variables: { a: '"},"status":{' }, list: [1, [2, '],']], number: 1e3, none: null },
      status: { health: 'Healthy', connectivity: 'On"line' },
    } as unknown as StoredObject
    let looked = 0
    const item = {
      text: JSON.stringify(object),
      get object() {
        looked += 1
        return object
      },
    }
    const options = { nowMs: 60_000, includeObject: 'None' } as const
    const [row] = tableOf(siteKind, [object], options).rows
    assert.deepEqual(JSON.parse(rowText(siteKind, item, options)), row)
    assert.equal(looked, 0)
  })
  it('that is no JSON is noticed, and does not hang', () => {
    for (const text of ['{', '{"', '{"a":"\\', '{"a":{}', ''])
      assert.throws(() => endOfObject(text, 0), /Broken assumption/)
  })
})
