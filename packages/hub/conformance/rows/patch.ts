import { configMap, configMaps, given, rowsAbout } from '../objects.ts'
import type { Row, Step } from '../row.ts'

const one = rowsAbout('patch')
const types = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const
const patch = (type: keyof typeof types, body: unknown, query = ''): Step => ({
  ask: `PATCH ${configMaps}/{id}${query}`,
  type: types[type],
  body,
})
const abc = given({ data: { a: '1', b: '2' } })
const apply = (data: object, query = '?fieldManager=one', more: object = {}): Step =>
  patch('apply', { ...configMap({ data }), ...more }, query)

const jsonRows: readonly Row[] = [
  one('json add', abc, patch('json', [{ op: 'add', path: '/data/c', value: '3' }])),
  one('json remove', abc, patch('json', [{ op: 'remove', path: '/data/a' }])),
  one('json replace', abc, patch('json', [{ op: 'replace', path: '/data/a', value: '9' }])),
  one('json move', abc, patch('json', [{ op: 'move', from: '/data/a', path: '/data/z' }])),
  one('json copy', abc, patch('json', [{ op: 'copy', from: '/data/a', path: '/data/z' }])),
  one('json test that holds', abc, patch('json', [{ op: 'test', path: '/data/a', value: '1' }])),
  one(
    'json test that does not hold',
    abc,
    patch('json', [{ op: 'test', path: '/data/a', value: '7' }]),
  ),
  one('json remove of what is not there', abc, patch('json', [{ op: 'remove', path: '/data/zz' }])),
  one(
    'json replace of what is not there',
    abc,
    patch('json', [{ op: 'replace', path: '/data/zz', value: '1' }]),
  ),
  one(
    'json add below what is not there',
    abc,
    patch('json', [{ op: 'add', path: '/nope/x', value: '1' }]),
  ),
  one('json of no operations', abc, patch('json', [])),
  one('json of another operation', abc, patch('json', [{ op: 'explode', path: '/data/a' }])),
  one('json without a path', abc, patch('json', [{ op: 'add', value: '1' }])),
  one('json that is an object', abc, patch('json', { op: 'add' })),
  one(
    'json of more than 10000 operations',
    abc,
    patch(
      'json',
      Array.from({ length: 10_001 }, () => ({ op: 'test', path: '/kind', value: 'ConfigMap' })),
    ),
  ),
  one(
    'json of an escaped path',
    given({}, { annotations: { 'a.b/c': '1' } }),
    patch('json', [{ op: 'replace', path: '/metadata/annotations/a.b~1c', value: '2' }]),
  ),
  one(
    'json that takes the name away',
    abc,
    patch('json', [{ op: 'remove', path: '/metadata/name' }]),
  ),
  one('json of the kind', abc, patch('json', [{ op: 'replace', path: '/kind', value: 'Secret' }])),
]

const mergeRows: readonly Row[] = [
  one('merge', abc, patch('merge', { data: { a: null, c: '3' } })),
  one('merge of nothing', abc, patch('merge', {})),
  one('merge of null', abc, patch('merge', null)),
  one('merge of a list', abc, patch('merge', [])),
  one('merge of a text', abc, { ...patch('merge', {}), text: '"x"' }),
  one('merge of no JSON', abc, { ...patch('merge', {}), text: '{' }),
  one('merge of an empty body', abc, {
    ask: `PATCH ${configMaps}/{id}`,
    type: types.merge,
    text: '',
  }),
  one('merge of another name', abc, patch('merge', { metadata: { name: 'other' } })),
  one('merge of another namespace', abc, patch('merge', { metadata: { namespace: 'other' } })),
  one('merge of another kind', abc, patch('merge', { kind: 'Secret' })),
  one('merge of another uid', abc, patch('merge', { metadata: { uid: 'x' } })),
  one(
    'merge of its version',
    abc,
    patch('merge', { metadata: { resourceVersion: '{$version}' }, data: { a: '5' } }),
  ),
  one('merge of another version', abc, patch('merge', { metadata: { resourceVersion: '1' } })),
  one('merge of a wrong type', abc, patch('merge', { data: { a: 1 } })),
  one('merge of a field nobody knows', abc, patch('merge', { nonsense: 1 })),
  one(
    'merge of a field nobody knows, strictly',
    abc,
    patch('merge', { nonsense: 1 }, '?fieldValidation=Strict'),
  ),
  one('merge of what is not there', patch('merge', {})),
  one(
    'merge as a dry run',
    abc,
    patch('merge', { data: { a: '9' } }, '?dryRun=All'),
    `${configMaps}/{id}`,
  ),
  one('merge with force', abc, patch('merge', { data: { a: '9' } }, '?force=true')),
  one('merge with a manager', abc, patch('merge', { data: { a: '9' } }, '?fieldManager=me')),
  one('strategic merge', abc, patch('strategic', { data: { a: null, c: '3' } })),
  one(
    'strategic merge that replaces',
    abc,
    patch('strategic', { data: { $patch: 'replace', z: '1' } }),
  ),
  one('strategic merge that deletes', abc, patch('strategic', { data: { $patch: 'delete' } })),
  one('strategic merge by another word', abc, patch('strategic', { data: { $patch: 'explode' } })),
  one(
    'strategic merge of finalizers',
    given({}, { finalizers: ['example.com/a'] }),
    patch('strategic', { metadata: { finalizers: ['example.com/b'] } }),
  ),
  one(
    'strategic merge that takes finalizers',
    given({}, { finalizers: ['example.com/a', 'example.com/b'] }),
    patch('strategic', { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/a'] } }),
  ),
  one(
    'strategic merge of owners',
    given({}, { ownerReferences: [{ apiVersion: 'v1', kind: 'A', name: 'a', uid: 'u1' }] }),
    patch('strategic', {
      metadata: { ownerReferences: [{ uid: 'u2', apiVersion: 'v1', kind: 'B', name: 'b' }] },
    }),
  ),
  one('of another media type', abc, { ...patch('merge', {}), type: 'application/json' }),
  one('of yaml', abc, { ...patch('merge', {}), type: 'application/yaml' }),
  one('without a media type', abc, { ...patch('merge', {}), type: '' }),
  one('of text', abc, { ...patch('merge', {}), type: 'text/plain' }),
]

const applyRows: readonly Row[] = [
  one('apply that creates', apply({ a: '1' })),
  one('apply again', { ...apply({ a: '1' }), quiet: true }, apply({ a: '1' })),
  one(
    'apply takes away what is left out',
    { ...apply({ a: '1', b: '2' }), quiet: true },
    apply({ a: '1' }),
  ),
  one('apply without a manager', apply({ a: '1' }, '')),
  one(
    'apply by two',
    { ...apply({ a: '1' }), quiet: true },
    apply({ b: '2' }, '?fieldManager=two'),
  ),
  one(
    'apply by two who agree',
    { ...apply({ a: '1' }), quiet: true },
    apply({ a: '1' }, '?fieldManager=two'),
  ),
  one(
    'apply against another',
    { ...apply({ a: '1' }), quiet: true },
    apply({ a: '2' }, '?fieldManager=two'),
  ),
  one(
    'apply against another by force',
    { ...apply({ a: '1' }), quiet: true },
    apply({ a: '2' }, '?fieldManager=two&force=true'),
  ),
  one(
    'apply over what was created',
    { ...abc, ask: `POST ${configMaps}?fieldManager=maker` },
    apply({ a: '9' }),
  ),
  one('apply of YAML', {
    ask: `PATCH ${configMaps}/{id}?fieldManager=one`,
    type: types.apply,
    text: 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {id}\ndata:\n  a: b\n',
  }),
  one('apply of no YAML', {
    ask: `PATCH ${configMaps}/{id}?fieldManager=one`,
    type: types.apply,
    text: '{a: b: c',
  }),
  one('apply of another name', apply({}, '?fieldManager=one', { metadata: { name: 'other' } })),
  one('apply without a kind', apply({}, '?fieldManager=one', { kind: undefined })),
  one('apply of another kind', apply({}, '?fieldManager=one', { kind: 'Secret' })),
  one('apply of another version', apply({}, '?fieldManager=one', { apiVersion: 'v2' })),
  one(
    'apply with managedFields',
    apply({}, '?fieldManager=one', {
      metadata: { name: '{id}', managedFields: [{ manager: 'x' }] },
    }),
  ),
  one(
    'apply with a version',
    abc,
    apply({}, '?fieldManager=one', { metadata: { name: '{id}', resourceVersion: '1' } }),
  ),
  one(
    'apply as a dry run',
    apply({ a: '1' }, '?fieldManager=one&dryRun=All'),
    `${configMaps}/{id}`,
  ),
  one('apply of a field nobody knows', apply({}, '?fieldManager=one', { nonsense: 1 })),
  one(
    'apply of a field nobody knows, strictly',
    apply({}, '?fieldManager=one&fieldValidation=Strict', { nonsense: 1 }),
  ),
  one('apply of a wrong type', apply({ a: 1 })),
  one('apply with force that is a word', apply({}, '?fieldManager=one&force=perhaps')),
]

export const patchRows: readonly Row[] = [...jsonRows, ...mergeRows, ...applyRows]
