import { configMap, configMaps, given, rowsAbout } from '../objects.ts'
import type { Row, Step } from '../row.ts'

const one = rowsAbout('update')
const put = (body: unknown, query = ''): Step => ({ ask: `PUT ${configMaps}/{id}${query}`, body })
const after = `${configMaps}/{id}`

export const updateRows: readonly Row[] = [
  one('an object', given({ data: { a: '1' } }), put(configMap({ data: { a: '2' } })), after),
  one('an object that is not there', put(configMap()), after),
  one(
    'with its version',
    given(),
    put(configMap({ data: { a: '2' } }, { resourceVersion: '{$version}' })),
  ),
  one(
    'with an old version',
    given(),
    { ...put(configMap({ data: { a: '2' } })), quiet: true },
    put(configMap({ data: { a: '3' } }, { resourceVersion: '{$version}' })),
  ),
  one('with a version that is no number', given(), put(configMap({}, { resourceVersion: 'abc' }))),
  one('with the version 0', given(), put(configMap({}, { resourceVersion: '0' }))),
  one('with its uid', given(), put(configMap({}, { uid: '{$uid}' }))),
  one('with another uid', given(), put(configMap({}, { uid: 'other' }))),
  one('without a change', given({ data: { a: '1' } }), put(configMap({ data: { a: '1' } }))),
  one('with another name than the URL', given(), put(configMap({}, { name: 'other' }))),
  one('without a name', given(), put({ ...configMap(), metadata: {} })),
  one('with another namespace', given(), put(configMap({}, { namespace: 'other' }))),
  one('without a kind', given(), put({ apiVersion: 'v1', metadata: { name: '{id}' } })),
  one('of another kind', given(), put({ ...configMap(), kind: 'Secret' })),
  one('of another version', given(), put({ ...configMap(), apiVersion: 'v2' })),
  one(
    'with another creation time',
    given(),
    put(configMap({}, { creationTimestamp: '2001-01-01T00:00:00Z' })),
  ),
  one(
    'with a creation time that is none',
    given(),
    put(configMap({}, { creationTimestamp: 'yesterday' })),
  ),
  one(
    'with a deletion time',
    given(),
    put(configMap({}, { deletionTimestamp: '2001-01-01T00:00:00Z' })),
  ),
  one('with another generation', given(), put(configMap({}, { generation: 99 }))),
  one(
    'takes labels away',
    given({}, { labels: { a: 'b' }, annotations: { c: 'd' } }),
    put(configMap()),
  ),
  one('with a finalizer', given(), put(configMap({}, { finalizers: ['example.com/a'] }))),
  one('as a dry run', given(), put(configMap({ data: { a: '2' } }), '?dryRun=All'), after),
  one('as a dry run of another word', given(), put(configMap(), '?dryRun=yes')),
  one(
    'of what may not change',
    given({ data: { a: '1' }, immutable: true }),
    put(configMap({ data: { a: '2' }, immutable: true })),
  ),
  one(
    'so that it may change again',
    given({ data: { a: '1' }, immutable: true }),
    put(configMap({ data: { a: '1' }, immutable: false })),
  ),
  one(
    'labels of what may not change',
    given({ immutable: true }),
    put(configMap({ immutable: true }, { labels: { a: 'b' } })),
  ),
  one(
    'binary data of what may not change',
    given({ binaryData: { a: 'AAEC' }, immutable: true }),
    put(configMap({ immutable: true })),
  ),
  one('the whole collection', { ask: `PUT ${configMaps}`, body: configMap() }),
  one('with an empty body', given(), { ask: `PUT ${configMaps}/{id}`, text: '' }),
  one('with generateName', given(), put(configMap({}, { generateName: 'x-' }))),
  one(
    'of what is being deleted',
    given({}, { finalizers: ['example.com/hold'] }),
    { ask: `DELETE ${configMaps}/{id}`, quiet: true },
    put(configMap({ data: { a: '1' } }, { finalizers: ['example.com/hold'] })),
    put(configMap({}, { finalizers: ['example.com/hold', 'example.com/new'] })),
    put(configMap({}, { finalizers: [] })),
    after,
  ),
]
