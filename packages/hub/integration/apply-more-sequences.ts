import {
  type Sequence,
  apply,
  create,
  data,
  dryRun,
  force,
  json,
  labels,
  map,
  merge,
  raw,
  spec,
  status,
  strategic,
  thing,
  update,
} from './apply-sequence.ts'

const refusals: Sequence[] = [
  thing('no manager', apply('', spec({}))),
  thing('a manager that is too long', apply('m'.repeat(129), spec({}))),
  thing('a manager that cannot be printed', apply('a\u0001\u00ad\u{1f600}', spec({}))),
  thing('force without apply', merge('a', {}, { force: true })),
  thing('another version', raw('a', { apiVersion: 'peer.skerry.dev/v2', kind: 'Thing' })),
  thing('another kind', raw('a', { apiVersion: 'peer.skerry.dev/v1', kind: 'Other' })),
  thing('no version', raw('a', { kind: 'Thing' })),
  thing('no kind', raw('a', { apiVersion: 'peer.skerry.dev/v1' })),
  thing('no name', raw('a', { apiVersion: 'peer.skerry.dev/v1', kind: 'Thing' })),
  thing('another name', apply('a', { metadata: { name: 'other' } })),
  thing('another namespace', apply('a', { metadata: { namespace: 'other' } })),
  thing('a list', raw('a', [])),
  thing('a text', raw('a', 'text')),
  thing('nothing', raw('a', null)),
  thing('managers', apply('a', { metadata: { managedFields: [] } })),
  thing('managers of nobody', apply('a', { metadata: { managedFields: [{}] } })),
  thing('managers that are null', apply('a', { metadata: { managedFields: null } })),
  thing('an unknown field', apply('a', spec({ nope: 1 }))),
  thing('a wrong text', apply('a', spec({ text: 1 }))),
  thing('a wrong number', apply('a', spec({ count: 'x' }))),
  thing('a wrong flag', apply('a', spec({ flag: 'x' }))),
  thing('a wrong list', apply('a', spec({ plain: 'x' }))),
  thing('a wrong map', apply('a', spec({ labels: ['x'] }))),
  thing('a wrong item', apply('a', spec({ plain: [1] }))),
  thing('a wrong label', apply('a', labels({ x: 1 }))),
  thing('a map for a text', apply('a', spec({ text: { a: 'b' } }))),
  thing('two of the same in a set', apply('a', spec({ tags: ['x', 'x'] }))),
  thing(
    'two items of the same keys',
    apply('a', spec({ ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] })),
  ),
  thing(
    'an item without keys is told by its default',
    apply('a', spec({ ports: [{ name: 'x' }] })),
  ),
  thing('an item that is null', apply('a', spec({ ports: [null] }))),
  thing('an item that is no map', apply('a', spec({ ports: ['x'] }))),
  thing('a null in a set', apply('a', spec({ tags: [null] }))),
  thing('a map in a set', apply('a', spec({ tags: [{}] }))),
  thing('the uid of nothing', apply('a', { metadata: { uid: 'u-1' } })),
  thing(
    'the uid of another',
    apply('a', spec({ text: 'x' })),
    apply('a', { metadata: { uid: 'u-1' } }),
    merge('a', { metadata: { uid: 'u-1' } }),
  ),
  thing(
    'another resourceVersion',
    apply('a', spec({ text: 'x' })),
    apply('a', { metadata: { resourceVersion: '1' }, ...spec({ text: 'y' }) }),
  ),
]

const subresources: Sequence[] = [
  thing(
    'status is owned apart',
    apply('a', spec({ text: 'x' })),
    apply('a', { status: { phase: 'Up' } }, status),
    apply('b', { status: { conditions: [{ type: 'Ready', status: 'True' }] } }, status),
    apply('c', { status: { conditions: [{ type: 'Ready', status: 'False' }] } }, status),
    force('c', { status: { conditions: [{ type: 'Ready', status: 'False' }] } }, status),
    merge('d', { status: { phase: 'Down' } }, status),
    apply('a', { status: { phase: 'Up' } }, status),
    apply('a', {}, status),
  ),
  thing('status of nothing', apply('a', { status: { phase: 'Up' } }, status)),
  thing(
    'status by the front door',
    apply('a', { ...spec({ text: 'x' }), status: { phase: 'Up' } }),
    merge('b', { status: { phase: 'Up' } }),
    merge('b', { status: { phase: 'Up' } }, status),
    apply('a', { ...spec({ text: 'x' }), status: { phase: 'Other' } }),
  ),
  thing(
    'spec by the back door',
    apply('a', spec({ text: 'x' })),
    apply('a', { ...spec({ text: 'y' }), ...labels({ l: '1' }), status: { phase: 'Up' } }, status),
    update('b', { ...spec({ text: 'z' }), status: { phase: 'Down' } }, status),
  ),
]

const dryRuns: Sequence[] = [
  thing(
    'dry runs change nothing',
    apply('a', spec({ text: 'x' }), dryRun),
    apply('a', spec({ text: 'x' })),
    apply('b', spec({ count: 1 }), dryRun),
    apply('b', spec({ text: 'y' }), dryRun),
    merge('b', spec({ text: 'y' }), dryRun),
    apply('c', spec({ flag: true })),
  ),
]

const lastApplied = (fields: object): string =>
  `${JSON.stringify({ apiVersion: 'v1', data: fields, kind: 'ConfigMap', metadata: { annotations: {}, name: 'NAME', namespace: 'default' } })}\n`
const byKubectl = (fields: object) => ({
  metadata: {
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': lastApplied(fields) },
  },
  data: fields,
})
const client = 'kubectl-client-side-apply'

const builtIns: Sequence[] = [
  map(
    'managers of versions that are no more',
    create('a', {
      metadata: {
        managedFields: [
          {
            manager: 'old',
            operation: 'Update',
            apiVersion: 'gone.dev/v1',
            time: '2020-01-01T00:00:00Z',
            fieldsType: 'FieldsV1',
            fieldsV1: { 'f:data': { 'f:x': {} } },
          },
        ],
      },
      data: { x: '1' },
    }),
    merge('b', data({ y: '2' })),
  ),
  map(
    'a configuration',
    apply('a', data({ x: '1' })),
    apply('b', data({ y: '2' })),
    apply('a', {}),
  ),
  map(
    'conflicts of a configuration',
    create('a', data({ x: '1' })),
    apply('b', data({ x: '2' })),
    force('b', data({ x: '2' })),
    strategic('c', data({ x: '3', z: '4' })),
    apply('b', data({ x: '3' })),
  ),
  map(
    'from client-side apply to server-side apply',
    create(client, byKubectl({ x: '1', y: '2' })),
    apply('kubectl', data({ x: '5' })),
    apply('kubectl', data({ x: '6' })),
  ),
  map(
    'somebody else changed what was applied from the client',
    create(client, byKubectl({ x: '1', y: '2' })),
    merge('other', data({ y: '3' })),
    apply('kubectl', data({ x: '5', y: '6' })),
    force('kubectl', data({ x: '5', y: '6' })),
  ),
  map(
    'another manager gets no such favour',
    create(client, byKubectl({ x: '1' })),
    apply('mine', data({ x: '5' })),
  ),
  map(
    'a last-applied configuration that is none',
    create(client, {
      metadata: { annotations: { 'kubectl.kubernetes.io/last-applied-configuration': 'no {' } },
      data: { x: '1' },
    }),
    apply('kubectl', data({ x: '5' })),
    force('kubectl', data({ x: '5' })),
  ),
  map(
    'patches of a configuration',
    create('a', data({ x: '1' })),
    json('b', [{ op: 'add', path: '/data/y', value: '2' }]),
    json('b', [{ op: 'test', path: '/data/y', value: '3' }]),
    json('b', [{ op: 'remove', path: '/data/none' }]),
    merge('c', data({ x: null })),
    strategic('d', { ...labels({ l: '1' }), ...data({ y: null }) }),
  ),
  map(
    'strategic patches of lists',
    create('a', { metadata: { finalizers: ['x.dev/a', 'x.dev/b'] } }),
    strategic('b', { metadata: { finalizers: ['x.dev/c', 'x.dev/b'] } }),
    strategic('b', { metadata: { '$deleteFromPrimitiveList/finalizers': ['x.dev/a'] } }),
    strategic('b', { metadata: { '$setElementOrder/finalizers': ['x.dev/b', 'x.dev/c'] } }),
    strategic('b', { $retainKeys: ['metadata', 'kind'] }),
    strategic('b', { metadata: { finalizers: null } }),
  ),
  map('an unknown field of a configuration', apply('a', { nope: 1 })),
  map('a wrong value of a configuration', apply('a', data({ x: 1 }))),
  {
    title: 'a secret',
    kind: 'Secret',
    steps: [
      create('a', { stringData: { p: 'x' } }),
      apply('b', { data: { q: 'eQ==' } }),
      apply('b', { data: { p: 'eg==' } }),
      apply('b', {}),
    ],
  },
  {
    title: 'a lease',
    kind: 'Lease',
    steps: [
      apply('a', { spec: { holderIdentity: 'one', leaseDurationSeconds: 15 } }),
      merge('b', { spec: { leaseTransitions: 1 } }),
      merge('b', { spec: { leaseTransitions: 2 } }),
      apply('c', { spec: { holderIdentity: 'two' } }),
    ],
  },
]

/** What is refused, subresources, dry runs and Kubernetes' own kinds. */
export const moreSequences: readonly Sequence[] = [
  ...refusals,
  ...subresources,
  ...dryRuns,
  ...builtIns,
]
