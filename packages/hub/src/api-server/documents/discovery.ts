import { createHash } from 'node:crypto'
import { compareVersions } from '@skerry/api/custom-kinds/version-order'
import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import type { ExtensionTable } from '../extension.ts'

/** What the API is made of, as Kubernetes tells it. */
export type Discovery = {
  /** The plain document at a path below /api or /apis; undefined if there is none. */
  plain(segments: readonly string[]): object | undefined
  /** The aggregated document (`apidiscovery.k8s.io`) of /api or /apis. */
  aggregated(root: 'api' | 'apis', version: string): object
}

/** In the order in which kube-apiserver tells them of its own kinds, and of those that users bring. */
const objectVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
]
const customVerbs = [
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'create',
  'update',
  'watch',
]
const statusVerbs = ['get', 'patch', 'update']

export function discoveryOf(kinds: readonly AnyKind[], extensions: ExtensionTable): Discovery {
  const byGroup = Map.groupBy(kinds, (kind) => kind.group)
  const partOf = (kind: AnyKind, name: string): Part => ({
    name,
    verbs: extensions.isStatusPart(kind, name)
      ? statusVerbs
      : [...(extensions.subresource(kind, name)?.verbs ?? [])],
    ...(isTokenRequest(kind, name) ? { responseKind: tokenRequest } : {}),
  })
  const unordered = (kind: AnyKind): Part[] => [
    ...(kind.hasStatus ? [{ name: 'status', verbs: statusVerbs }] : []),
    ...kind.subresources.map((name) => partOf(kind, name)),
    ...(kind.scale === undefined
      ? []
      : [{ name: 'scale', verbs: statusVerbs, responseKind: scaleKind }]),
  ]
  // Kubernetes tells the parts of its own kinds by name, and those of custom kinds as they are.
  const partsOf = (kind: AnyKind): Part[] =>
    kind.isBuiltIn ? unordered(kind).toSorted(byName) : unordered(kind)
  const documents = plainDocuments(byGroup, partsOf)
  return {
    plain: (segments) => documents.get(segments.join('/')),
    aggregated: (root, version) => ({
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${version}`,
      metadata: {},
      items: [...byGroup]
        .filter(([group]) => (group === '') === (root === 'api'))
        .map(([group, members]) => aggregatedGroup(group, members, partsOf)),
    }),
  }
}

type GroupVersionKind = { readonly group: string; readonly version: string; readonly kind: string }

type Part = {
  readonly name: string
  readonly verbs: readonly string[]
  /** Absent: the kind itself. */
  readonly responseKind?: GroupVersionKind
}

const scaleKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' } as const
const tokenRequest = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
} as const

const isTokenRequest = (kind: AnyKind, part: string): boolean =>
  kind.group === '' && kind.plural === 'serviceaccounts' && part === 'token'

/** What may be done with the objects of a kind. */
function verbsOf(kind: AnyKind): readonly string[] {
  return kind.verbs ?? (isCustom(kind) ? customVerbs : objectVerbs)
}

const isCustom = (kind: AnyKind): boolean => kind.isBuiltIn !== true

/** Tells clients that migrate storage when a kind is kept in another version. */
function storageVersionHash(kind: AnyKind): string {
  const { group, version, kind: name } = kind.keptAs?.kind ?? kind
  const digest = createHash('sha256').update(`${group}/${version}/${name}`).digest()
  return digest.subarray(0, 8).toString('base64')
}
const byName = (left: Part, right: Part) => (left.name < right.name ? -1 : 1)

type PartsOf = (kind: AnyKind) => Part[]

function plainDocuments(
  byGroup: ReadonlyMap<string, readonly AnyKind[]>,
  partsOf: PartsOf,
): Map<string, object> {
  const groups = [...byGroup]
    .filter(([group]) => group !== '')
    .map(([group, members]) => apiGroup(group, members))
  const documents = new Map<string, object>([
    ['api', apiVersions(byGroup.get('') ?? [])],
    ['apis', { kind: 'APIGroupList', apiVersion: 'v1', groups }],
  ])
  for (const group of groups)
    documents.set(`apis/${group.name}`, { kind: 'APIGroup', apiVersion: 'v1', ...group })
  const byVersion = Map.groupBy([...byGroup.values()].flat(), apiVersionOf)
  for (const [apiVersion, members] of byVersion)
    documents.set(`${apiVersion.includes('/') ? 'apis' : 'api'}/${apiVersion}`, {
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: apiVersion,
      resources: members.flatMap((kind) => apiResources(kind, partsOf(kind))),
    })
  return documents
}

function apiVersions(core: readonly AnyKind[]): object {
  return {
    kind: 'APIVersions',
    versions: [...new Set(core.map((kind) => kind.version))],
    serverAddressByClientCIDRs: [],
  }
}

function apiGroup(group: string, members: readonly AnyKind[]) {
  const versions = versionsOf(members).map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }))
  return { name: group, versions, preferredVersion: versions[0] }
}

/** The one that clients shall prefer first. */
function versionsOf(members: readonly AnyKind[]): string[] {
  return [...new Set(members.map((kind) => kind.version))].toSorted(compareVersions)
}

function apiResources(kind: AnyKind, parts: readonly Part[]): object[] {
  const own = { namespaced: kind.scope === 'Namespaced', kind: kind.kind }
  return [
    {
      name: kind.plural,
      singularName: kind.singular,
      ...own,
      verbs: verbsOf(kind),
      ...named(kind),
      ...(kind.verbs === undefined ? { storageVersionHash: storageVersionHash(kind) } : {}),
    },
    ...parts.map((part) => ({
      name: `${kind.plural}/${part.name}`,
      singularName: '',
      ...own,
      ...part.responseKind,
      verbs: part.verbs,
    })),
  ]
}

function named({ shortNames, categories }: AnyKind): object {
  return {
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
  }
}

function aggregatedGroup(group: string, members: readonly AnyKind[], partsOf: PartsOf): object {
  const byVersion = Map.groupBy(members, (kind) => kind.version)
  return {
    metadata: group === '' ? {} : { name: group },
    versions: versionsOf(members).map((version) => ({
      version,
      resources: byVersion.get(version)!.map((kind) => aggregatedResource(kind, partsOf(kind))),
      freshness: 'Current',
    })),
  }
}

function aggregatedResource(kind: AnyKind, parts: readonly Part[]): object {
  const responseKind = { group: kind.group, version: kind.version, kind: kind.kind }
  return {
    resource: kind.plural,
    responseKind,
    scope: kind.scope === 'Namespaced' ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: verbsOf(kind),
    ...named(kind),
    ...(parts.length === 0
      ? {}
      : {
          subresources: parts.map((part) => ({
            subresource: part.name,
            responseKind: part.responseKind ?? responseKind,
            verbs: part.verbs,
          })),
        }),
  }
}
