import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import type { ExtensionTable } from './extension.ts'

/** What the API is made of, as Kubernetes tells it. */
export type Discovery = {
  /** The plain document at a path below /api or /apis; undefined if there is none. */
  plain(segments: readonly string[]): object | undefined
  /** The aggregated document (`apidiscovery.k8s.io`) of /api or /apis. */
  aggregated(root: 'api' | 'apis', version: string): object
}

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
const statusVerbs = ['get', 'patch', 'update']

export function discoveryOf(kinds: readonly AnyKind[], extensions: ExtensionTable): Discovery {
  const byGroup = Map.groupBy(kinds, (kind) => kind.group)
  const partsOf = (kind: AnyKind): Part[] => [
    ...(kind.hasStatus ? [{ name: 'status', verbs: statusVerbs }] : []),
    ...kind.subresources.map((name) => ({
      name,
      verbs: [...(extensions.subresource(kind, name)?.verbs ?? [])],
    })),
  ]
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

type Part = { readonly name: string; readonly verbs: readonly string[] }
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
  const versions = [...new Set(members.map((kind) => kind.version))].map((version) => ({
    groupVersion: `${group}/${version}`,
    version,
  }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function apiResources(kind: AnyKind, parts: readonly Part[]): object[] {
  const own = { namespaced: kind.scope === 'Namespaced', kind: kind.kind }
  return [
    {
      name: kind.plural,
      singularName: kind.singular,
      ...own,
      verbs: objectVerbs,
      ...named(kind),
    },
    ...parts.map((part) => ({
      name: `${kind.plural}/${part.name}`,
      singularName: '',
      ...own,
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
    metadata: { ...(group === '' ? {} : { name: group }), creationTimestamp: null },
    versions: [...byVersion].map(([version, kinds]) => ({
      version,
      freshness: 'Current',
      resources: kinds.map((kind) => aggregatedResource(kind, partsOf(kind))),
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
    verbs: objectVerbs,
    ...named(kind),
    ...(parts.length === 0
      ? {}
      : {
          subresources: parts.map((part) => ({
            subresource: part.name,
            responseKind,
            verbs: part.verbs,
          })),
        }),
  }
}
