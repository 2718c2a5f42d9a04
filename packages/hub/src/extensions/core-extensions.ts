import { isPlainObject } from '@skerry/base/json'
import { type Namespace, namespaceKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { ApiError, badRequest } from '@skerry/api/status'
import type { Admit, Extensions, SubresourceHandler } from '../api-server/extension.ts'
import { decodeObject } from '../api-server/wire/decode-object.ts'

/** Namespaces that are there from the start and stay. */
export const protectedNamespaces: ReadonlySet<string> = new Set([
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
])

/** What Kubernetes' own plain kinds do beyond the generic verbs. */
export function coreExtensions(state: State): Extensions {
  return {
    namespaces: { subresources: { finalize: createFinalizeHandler(state) }, admit: keepProtected },
    services: { virtual: { list: async () => [] } },
  }
}

const keepProtected: Admit = async (operation, namespace) => {
  const { name } = namespace.metadata
  if (operation === 'delete' && protectedNamespaces.has(name))
    throw new ApiError(
      'Forbidden',
      `namespaces ${JSON.stringify(name)} is forbidden: this namespace may not be deleted`,
      { name, kind: 'namespaces' },
    )
  return namespace
}

/** Says who still has to act before a namespace goes: whoever has done so leaves the list. */
function createFinalizeHandler(state: State): SubresourceHandler {
  return {
    verbs: ['update'],
    handle: async ({ object, body, query, dryRun }) => {
      if (!isPlainObject(body)) throw badRequest('the body of the request must be a Namespace')
      const { name } = object.metadata
      const decoded = decodeObject({ kind: namespaceKind, name }, body, query).object
      const { resourceVersion = object.metadata.resourceVersion } = decoded.metadata
      const finalized = {
        ...object,
        metadata: { ...object.metadata, resourceVersion },
        spec: decoded['spec'] ?? {},
      } as Namespace
      return state.update(namespaceKind, finalized, { dryRun, subresource: 'finalize' })
    },
  }
}
