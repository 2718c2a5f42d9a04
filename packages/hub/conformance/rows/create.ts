import { configMap, configMaps } from '../objects.ts'
import type { Row, Step } from '../row.ts'

const post = (body: unknown, query = ''): Step => ({ ask: `POST ${configMaps}${query}`, body })
const one = (name: string, ...steps: Step[]): Row => ({ name: `create: ${name}`, steps })

export const createRows: readonly Row[] = [
  one('an object', post(configMap({ data: { a: '1' } }))),
  one('one that exists', { ...post(configMap()), quiet: true }, post(configMap())),
  one('without a kind', post({ apiVersion: 'v1', metadata: { name: '{id}' } })),
  one('without an apiVersion', post({ kind: 'ConfigMap', metadata: { name: '{id}' } })),
  one('without either', post({ metadata: { name: '{id}' } })),
  one('of another kind', post({ ...configMap(), kind: 'Secret' })),
  one('of a kind that is not there', post({ ...configMap(), kind: 'Nonsense' })),
  one('of another version', post({ ...configMap(), apiVersion: 'v2' })),
  one('of another group', post({ ...configMap(), apiVersion: 'apps/v1' })),
  one('in another namespace than the URL', post(configMap({}, { namespace: 'elsewhere' }))),
  one('without a namespace in the URL', { ask: 'POST /api/v1/configmaps', body: configMap() }),
  one('in a namespace that is not there', {
    ask: 'POST /api/v1/namespaces/{id}/configmaps',
    body: configMap(),
  }),
  one('with a generated name', post({ ...configMap(), metadata: { generateName: '{id}-' } })),
  one('with a generated name that is too long', {
    ...post({ ...configMap(), metadata: { generateName: 'a'.repeat(260) } }),
  }),
  one('without a name', post({ ...configMap(), metadata: {} })),
  one('without metadata', post({ apiVersion: 'v1', kind: 'ConfigMap' })),
  one('with a name in capitals', post(configMap({}, { name: 'Upper' }))),
  one('with a name of two dots', post(configMap({}, { name: '..' }))),
  one('with a name of one dot', post(configMap({}, { name: '.' }))),
  one('with a slash in its name', post(configMap({}, { name: 'a/b' }))),
  one('with a percent sign in its name', post(configMap({}, { name: 'a%b' }))),
  one('with a space in its name', post(configMap({}, { name: 'a b' }))),
  one('with an underscore in its name', post(configMap({}, { name: 'a_b' }))),
  one('with an empty name', post(configMap({}, { name: '' }))),
  one(
    'with a name of 253 characters',
    post(configMap({}, { name: 'a'.repeat(253) }), '?dryRun=All'),
  ),
  one('with a name of 254 characters', post(configMap({}, { name: 'a'.repeat(254) }))),
  one('with a name that is a number', post(configMap({}, { name: 1 }))),
  one('with a uid of its own', post(configMap({}, { uid: 'mine' }))),
  one('with a resourceVersion', post(configMap({}, { resourceVersion: '5' }))),
  one(
    'with what the server sets',
    post(
      configMap(
        {},
        {
          creationTimestamp: '2001-01-01T00:00:00Z',
          deletionTimestamp: '2001-01-01T00:00:00Z',
          generation: 7,
          selfLink: '/x',
        },
      ),
    ),
  ),
  one('as a dry run', post(configMap(), '?dryRun=All'), { ask: `${configMaps}/{id}` }),
  one('as a dry run of another word', post(configMap(), '?dryRun=Some')),
  one('as a dry run of two words', post(configMap(), '?dryRun=All&dryRun=All')),
  one('to a named object', { ask: `POST ${configMaps}/{id}`, body: configMap() }),
  one('with a field manager', post(configMap(), '?fieldManager=tester')),
  one(
    'with a field manager that is too long',
    post(configMap(), `?fieldManager=${'m'.repeat(129)}`),
  ),
  one('with a field manager that cannot be printed', post(configMap(), '?fieldManager=a%0Ab')),
  one('with a finalizer', post(configMap({}, { finalizers: ['example.com/hold'] }))),
  one('with a finalizer that is no name', post(configMap({}, { finalizers: ['hold'] }))),
  one('with a finalizer that is wrong', post(configMap({}, { finalizers: ['a b/c'] }))),
  one(
    'with labels',
    post(configMap({}, { labels: { a: 'b', 'example.com/c': '', d: 'x.y-z_1' } })),
  ),
  one('with a label that is wrong', post(configMap({}, { labels: { 'a b': 'c', ok: 'not ok' } }))),
  one('with a label of 64 characters', post(configMap({}, { labels: { a: 'v'.repeat(64) } }))),
  one(
    'with a label key of 64 characters',
    post(configMap({}, { labels: { ['k'.repeat(64)]: '' } })),
  ),
  one('with a label prefix that is wrong', post(configMap({}, { labels: { 'A_/b': 'c' } }))),
  one('with a label that is a number', post(configMap({}, { labels: { a: 1 } }))),
  one('with labels of null', post(configMap({}, { labels: null, annotations: null }))),
  one('with annotations', post(configMap({}, { annotations: { a: 'b', 'example.com/C': 'ü\n' } }))),
  one('with an annotation key that is wrong', post(configMap({}, { annotations: { 'a b': 'c' } }))),
  one(
    'with annotations that are too large',
    post(configMap({}, { annotations: { a: 'x'.repeat(262_145) } })),
  ),
  one(
    'with an owner',
    post(
      configMap(
        {},
        {
          ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'a', uid: 'u-1' }],
        },
      ),
    ),
  ),
  one(
    'with an owner without a uid',
    post(
      configMap(
        {},
        {
          ownerReferences: [{ apiVersion: 'v1', kind: 'Secret', name: 'a' }],
        },
      ),
    ),
  ),
  one('with an owner without anything', post(configMap({}, { ownerReferences: [{}] }))),
  one(
    'with two controllers',
    post(
      configMap(
        {},
        {
          ownerReferences: [
            { apiVersion: 'v1', kind: 'Secret', name: 'a', uid: 'u-1', controller: true },
            { apiVersion: 'v1', kind: 'Secret', name: 'b', uid: 'u-2', controller: true },
          ],
        },
      ),
    ),
  ),
  one('with managedFields', post(configMap({}, { managedFields: [{ manager: 'x' }] }))),
]
