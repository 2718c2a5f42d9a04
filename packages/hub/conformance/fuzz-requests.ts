import type { Random } from '@skerry/base/random'
import { anyJson, chance, mutated, pick, textOf } from './fuzz-values.ts'
import type { Request } from './send.ts'

/** A request that can be printed, shrunk and sent again. */
export type FuzzRequest = Omit<Request, 'body' | 'events'> & { readonly text?: string }

type Sample = { readonly path: string; readonly object: Record<string, unknown> }

const meta = { name: 'a', namespace: 'default', labels: { a: 'b' }, finalizers: ['example.com/x'] }

/** One good object of each kind that is changed into bad ones; each is there before a request. */
export const samples: readonly Sample[] = [
  {
    path: '/api/v1/namespaces/default/configmaps',
    object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta, data: { a: '1', b: '2' } },
  },
  {
    path: '/api/v1/namespaces/default/secrets',
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: meta,
      type: 'Opaque',
      data: { a: 'AAE=' },
    },
  },
  {
    path: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
    object: {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: meta,
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 5,
        renewTime: '2026-11-21T10:00:00.000000Z',
      },
    },
  },
  {
    path: '/api/v1/namespaces/default/events',
    object: {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: meta,
      involvedObject: { kind: 'Site', name: 'a', namespace: 'default' },
      count: 2,
    },
  },
  {
    path: '/apis/skerry.dev/v1alpha1/namespaces/default/sites',
    object: {
      apiVersion: 'skerry.dev/v1alpha1',
      kind: 'Site',
      metadata: meta,
      spec: {
        timeZone: 'UTC',
        variables: { a: 'b' },
        location: { latitude: 1, longitude: 2 },
      },
    },
  },
  {
    path: '/apis/skerry.dev/v1alpha1/namespaces/default/fleets',
    object: {
      apiVersion: 'skerry.dev/v1alpha1',
      kind: 'Fleet',
      metadata: meta,
      spec: { selector: { matchLabels: { a: 'b' } }, profile: 'a' },
    },
  },
  {
    path: '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: meta,
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    },
  },
]

const json = 'application/json'
const patchTypes = ['json-patch', 'merge-patch', 'strategic-merge-patch'].map(
  (name) => `application/${name}+json`,
)
const accepts = [
  json,
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io,*/*',
  'application/json;as=;v=;g=;q=x',
  ';;,,q=1',
]

const makers: readonly ((random: Random, sample: Sample) => FuzzRequest)[] = [
  create,
  replace,
  patch,
  patch,
  apply,
  list,
  list,
  remove,
  path,
]

export function anyRequest(random: Random): FuzzRequest {
  return pick(random, makers)(random, pick(random, samples))
}

function withBody(random: Random, type: string, value: unknown) {
  return {
    headers: { 'content-type': type, accept: pick(random, accepts) },
    text: textOf(random, value),
  }
}

const queries = [
  '',
  '?dryRun=All',
  '?fieldValidation=Strict',
  '?fieldManager=%00',
  '?dryRun=x&dryRun=',
]

function create(random: Random, sample: Sample): FuzzRequest {
  const type = pick(random, [
    json,
    json,
    'application/yaml',
    'application/vnd.kubernetes.protobuf',
    'x',
  ])
  const body = withBody(random, type, mutated(random, sample.object))
  return { method: 'POST', path: `${sample.path}${pick(random, queries)}`, ...body }
}

function replace(random: Random, sample: Sample): FuzzRequest {
  const part = pick(random, ['', '', '/status', '/scale', '/nonsense'])
  const body = withBody(random, json, mutated(random, sample.object))
  return { method: 'PUT', path: `${sample.path}/a${part}${pick(random, queries)}`, ...body }
}

const pointers = [
  '/metadata/labels/a',
  '/metadata',
  '',
  '/',
  '/spec',
  '/data/a',
  '/metadata/finalizers/0',
  '/metadata/finalizers/-',
  '/__proto__/x',
  '/a~2b',
  '/metadata/finalizers/99999999999',
]

function patch(random: Random, sample: Sample): FuzzRequest {
  const type = pick(random, patchTypes)
  const operations = Array.from({ length: Math.floor(random.next() * 5) }, () => ({
    op: pick(random, ['add', 'remove', 'replace', 'move', 'copy', 'test', 'explode']),
    path: pick(random, pointers),
    from: pick(random, pointers),
    value: anyJson(random),
  }))
  const value =
    type.includes('json-patch') && !chance(random, 0.2)
      ? operations
      : mutated(random, chance(random, 0.5) ? sample.object : anyJson(random))
  const part = pick(random, ['', '', '', '/status'])
  return {
    method: 'PATCH',
    path: `${sample.path}/a${part}${pick(random, queries)}`,
    ...withBody(random, type, value),
  }
}

function apply(random: Random, sample: Sample): FuzzRequest {
  const query = pick(random, [
    '',
    '?fieldManager=a',
    '?fieldManager=b&force=true',
    '?fieldManager=b',
  ])
  const name = pick(random, ['a', 'a', 'fresh'])
  const body = withBody(random, 'application/apply-patch+yaml', mutated(random, sample.object))
  return { method: 'PATCH', path: `${sample.path}/${name}${query}`, ...body }
}

const selectorParts = [
  'a',
  'b',
  '=',
  '==',
  '!=',
  '!',
  'in',
  'notin',
  '(',
  ')',
  ',',
  ' ',
  '>',
  '<',
  '1',
  '\\',
  '\u0000',
  '__proto__',
  'metadata.name',
  'x/y',
  '.',
  'ü',
]

function selector(random: Random): string {
  const length = Math.floor(random.next() * 10)
  return encodeURIComponent(Array.from({ length }, () => pick(random, selectorParts)).join(''))
}

function token(random: Random): string {
  const parts = {
    v: pick(random, ['meta.k8s.io/v1', 1, null]),
    rv: anyJson(random),
    start: anyJson(random),
  }
  return encodeURIComponent(
    pick(random, [
      Buffer.from(JSON.stringify(parts)).toString('base64url'),
      JSON.stringify(anyJson(random)) ?? '',
      'AAAA',
      '',
    ]).replaceAll('\ud800', '?'),
  )
}

function list(random: Random, sample: Sample): FuzzRequest {
  const query = [
    chance(random, 0.6) ? `labelSelector=${selector(random)}` : '',
    chance(random, 0.4) ? `fieldSelector=${selector(random)}` : '',
    chance(random, 0.4)
      ? `limit=${pick(random, ['1', '-1', '0', 'x', '99999999999999999999', '1.5'])}`
      : '',
    chance(random, 0.3) ? `continue=${token(random)}` : '',
    chance(random, 0.3) ? `resourceVersion=${pick(random, ['0', '1', '-1', 'x', '1e3', ''])}` : '',
    chance(random, 0.3)
      ? `resourceVersionMatch=${pick(random, ['Exact', 'NotOlderThan', 'x', ''])}`
      : '',
    chance(random, 0.1) ? 'includeObject=x' : '',
  ].filter((part) => part !== '')
  const at = pick(random, [
    sample.path,
    sample.path,
    sample.path.replace('/namespaces/default', ''),
  ])
  return {
    method: 'GET',
    path: `${at}?${query.join('&')}`,
    headers: { accept: pick(random, accepts) },
  }
}

function remove(random: Random, sample: Sample): FuzzRequest {
  const options = mutated(random, {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    propagationPolicy: pick(random, ['Background', 'Foreground', 'Orphan', 'x']),
    preconditions: { uid: pick(random, ['x', '']) },
    gracePeriodSeconds: 0,
  })
  const at = pick(random, ['/a', '/a', `?labelSelector=${selector(random)}`])
  return { method: 'DELETE', path: `${sample.path}${at}`, ...withBody(random, json, options) }
}

const pathParts = [
  'api',
  'apis',
  'v1',
  'namespaces',
  'default',
  'configmaps',
  'a',
  '..',
  '%2e%2e',
  '%00',
  '%zz',
  '',
  'watch',
  'status',
  'openapi',
  'v3',
  'healthz',
  'version',
  '__proto__',
  'constructor',
  'skerry.dev',
]

function path(random: Random): FuzzRequest {
  const length = Math.floor(random.next() * 8)
  const parts = Array.from({ length }, () => pick(random, pathParts))
  return {
    method: pick(random, ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS']),
    path: `/${pick(random, ['api', 'apis', 'openapi'])}/${parts.join('/')}`,
    headers: { accept: pick(random, accepts) },
  }
}
