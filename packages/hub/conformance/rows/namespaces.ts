import { configMap, rowsAbout, tableType } from '../objects.ts'
import type { Row, Step } from '../row.ts'

const one = rowsAbout('namespace')
const namespaces = '/api/v1/namespaces'
const body = (more: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: '{id}', ...metadata },
  ...more,
})
const create = (more: object = {}, metadata: object = {}): Step => ({
  ask: `POST ${namespaces}`,
  body: body(more, metadata),
})
const made: Step = { ...create(), quiet: true }
const held: Step = {
  ...create({ spec: { finalizers: ['kubernetes', 'example.com/hold'] } }),
  quiet: true,
}
const release: Step = { ask: `PUT ${namespaces}/{id}/finalize`, body: body({ spec: {} }) }

export const namespaceRows: readonly Row[] = [
  one('new', create()),
  one(
    'with finalizers of its own',
    create({ spec: { finalizers: ['example.com/hold'] } }),
    release,
  ),
  one('with a finalizer that is wrong', create({ spec: { finalizers: ['a b'] } })),
  one(
    'with the label of its name',
    create({}, { labels: { 'kubernetes.io/metadata.name': 'other', a: 'b' } }),
  ),
  one('with a status', create({ status: { phase: 'Terminating' } })),
  one('with a dot in its name', create({}, { name: 'a.b' })),
  one('with a name of 64 characters', create({}, { name: 'a'.repeat(64) })),
  one('with capitals in its name', create({}, { name: 'Upper' })),
  one('with a generated name', create({}, { name: undefined, generateName: '{id}-' })),
  one('that exists', made, create()),
  one('inside a namespace', create({}, { namespace: 'other' })),
  one('changed', made, { ask: `PUT ${namespaces}/{id}`, body: body({}, { labels: { a: 'b' } }) }),
  one('whose finalizers are changed', made, {
    ask: `PUT ${namespaces}/{id}`,
    body: body({ spec: { finalizers: ['example.com/x'] } }),
  }),
  one('whose label of its name is taken away', made, {
    ask: `PATCH ${namespaces}/{id}`,
    type: 'application/merge-patch+json',
    body: { metadata: { labels: null } },
  }),
  one('whose status is changed', made, {
    ask: `PUT ${namespaces}/{id}/status`,
    body: body({ status: { phase: 'Active', conditions: [{ type: 'A', status: 'True' }] } }),
  }),
  one('whose status is read', made, `${namespaces}/{id}/status`),
  one('as a table', made, { ask: `${namespaces}/{id}`, accept: tableType }),
  one('by its phase', made, `${namespaces}?fieldSelector=status.phase%3DActive,metadata.name={id}`),
  one('by a phase that none has', `${namespaces}?fieldSelector=status.phase%3DNone`),
  one(
    'by the label of its name',
    made,
    `${namespaces}?labelSelector=kubernetes.io/metadata.name={id}`,
  ),
  one(
    'deleted',
    made,
    { ask: `DELETE ${namespaces}/{id}` },
    { ask: `${namespaces}/{id}`, until: 404 },
  ),
  one(
    'deleted, what is in it goes too',
    made,
    {
      ask: `POST ${namespaces}/{id}/configmaps`,
      body: configMap({}, { name: 'inside' }),
      quiet: true,
    },
    { ask: `DELETE ${namespaces}/{id}`, quiet: true },
    { ask: `${namespaces}/{id}`, until: 404 },
    `${namespaces}/{id}/configmaps/inside`,
  ),
  one(
    'deleted and held',
    held,
    { ask: `DELETE ${namespaces}/{id}` },
    { ask: `POST ${namespaces}/{id}/configmaps`, body: configMap({}, { name: 'late' }) },
    { ask: `POST ${namespaces}`, body: body() },
    release,
    { ask: `${namespaces}/{id}`, until: 404 },
  ),
  one(
    'deleted twice',
    held,
    { ask: `DELETE ${namespaces}/{id}`, quiet: true },
    { ask: `DELETE ${namespaces}/{id}` },
    release,
  ),
  one('deleted as a dry run', made, `DELETE ${namespaces}/{id}?dryRun=All`, `${namespaces}/{id}`),
  one('deleted that is not there', `DELETE ${namespaces}/{id}`),
  one('deleted that every cluster needs', `DELETE ${namespaces}/kube-system`),
  one('deleted that is the default', `DELETE ${namespaces}/default`),
  one('all of them', `DELETE ${namespaces}?labelSelector=none`),
  one('finalized that is not being deleted', made, release),
  one('finalized by GET', made, `${namespaces}/{id}/finalize`),
  one('finalized under another name', made, {
    ask: `PUT ${namespaces}/{id}/finalize`,
    body: body({}, { name: 'other' }),
  }),
  one('that is there from the start', `${namespaces}/default`),
]
