import type { FinalObject, Seen } from './hub-chaos-check.ts'

/** Resources that nothing but the test writes. */
export type ChaosResource = 'configmaps' | 'leases' | 'roles'

export const resources: readonly ChaosResource[] = ['configmaps', 'leases', 'roles']
export const namespaces = ['chaos-a', 'chaos-b'] as const
export const shards = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] as const

const groups: Readonly<Record<ChaosResource, { path: string; apiVersion: string; kind: string }>> =
  {
    configmaps: { path: '/api/v1', apiVersion: 'v1', kind: 'ConfigMap' },
    leases: {
      path: '/apis/coordination.k8s.io/v1',
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
    },
    roles: {
      path: '/apis/rbac.authorization.k8s.io/v1',
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
    },
  }

export function collectionPath(resource: ChaosResource, namespace?: string): string {
  const { path } = groups[resource]
  return namespace === undefined
    ? `${path}/${resource}`
    : `${path}/namespaces/${namespace}/${resource}`
}

/** An object that carries who wrote it. */
export function chaosObject(
  resource: ChaosResource,
  metadata: {
    readonly namespace: string
    readonly name: string
    readonly token: string
    readonly shard: string
    readonly resourceVersion?: string | undefined
  },
): object {
  const { apiVersion, kind } = groups[resource]
  const { namespace, name, token, shard, resourceVersion } = metadata
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: { chaos: 'yes', shard },
      annotations: { token },
    },
    ...(resource === 'roles' ? { rules: [] } : {}),
    ...(resource === 'leases' ? { spec: {} } : {}),
  }
}

type Metadata = {
  readonly name: string
  readonly namespace?: string
  readonly resourceVersion: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}
export type AnyObject = { readonly metadata: Metadata }

export function seenOf({ metadata }: AnyObject): Seen {
  const { resourceVersion, annotations, labels } = metadata
  return {
    version: Number(resourceVersion),
    token: annotations?.['token'] ?? '',
    shard: labels?.['shard'] ?? '',
  }
}

export function finalOf(object: AnyObject): FinalObject {
  const { version, token } = seenOf(object)
  const { name, namespace = '' } = object.metadata
  return { namespace, name, version, token }
}
