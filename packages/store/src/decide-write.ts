import { jsonDepth } from '@skerry/base/json'
import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { KubeObject, ObjectKey, StoredObject } from '@skerry/api/object'
import {
  type PrepareContext,
  isFinished,
  prepareCreate,
  prepareDelete,
  prepareUpdate,
} from '@skerry/api/prepare'
import type { DeleteOptions, NewObject, UpdateOptions, WriteOptions } from '@skerry/api/state'
import { ApiError, alreadyExists, badRequest, namedDetails, notFound } from '@skerry/api/status'
import type { Decision, Write } from './ledger.ts'
import { objectDepthMax } from './limits.ts'
import { type RowKey, isStorable } from './row-key.ts'
import { keptKindOf } from './shown-text.ts'

/** The write that creates an object. Throws Invalid or BadRequest before any lock is taken. */
export function createWrite(
  kind: AnyKind,
  input: NewObject,
  options: WriteOptions,
  context: PrepareContext,
): Write {
  assertObject(input)
  const prepared = prepareCreate(kind, input, { ...context, options })
  const object = isNamespace(kind) ? withPhase(prepared, 'Active') : prepared
  const { name, namespace } = object.metadata
  return {
    row: rowOf(kind, object.metadata),
    within: kind.scope === 'Namespaced' ? namespace : undefined,
    bytes: aboutBytes(object),
    decide: (view) => {
      if (kind.scope === 'Namespaced') assertNamespace(kind, name, namespace!, view.namespace)
      if (view.current !== undefined)
        throw alreadyExists(kind, name, view.current.metadata.deletionTimestamp !== undefined)
      return { action: options.dryRun ? 'keep' : 'put', object }
    },
  }
}

export function updateWrite(
  kind: AnyKind,
  object: KubeObject,
  options: UpdateOptions,
  nowMs: number,
): Write {
  assertObject(object)
  if (options.subresource === 'status' && !kind.hasStatus)
    throw new ApiError('NotFound', `${resourceName(kind)} has no status to write.`)
  const { name } = object.metadata
  return {
    row: rowOf(kind, object.metadata),
    bytes: aboutBytes(object),
    decide: ({ current }): Decision => {
      if (current === undefined) throw notFound(kind, name)
      const after = prepareUpdate(kind, current, object, { ...options, nowMs })
      if (after === current || options.dryRun) return { action: 'keep', object: after }
      return { action: isFinished(after) ? 'remove' : 'put', object: after }
    },
  }
}

export function deleteWrite(
  kind: AnyKind,
  key: ObjectKey,
  options: DeleteOptions,
  nowMs: number,
): Write {
  return {
    row: rowOf(kind, key),
    bytes: 0,
    decide: ({ current }): Decision => {
      if (current === undefined) throw notFound(kind, key.name)
      const prepared = prepareDelete(kind, current, options, nowMs)
      if (prepared.remove) return { action: options.dryRun ? 'keep' : 'remove', object: current }
      const marked = isNamespace(kind) ? withPhase(prepared.object, 'Terminating') : prepared.object
      const isSame = prepared.object === current
      return {
        action: isSame || options.dryRun ? 'keep' : 'put',
        object: isSame ? current : marked,
      }
    },
  }
}

/** Where an object of a kind is. Throws NotFound for a name that nothing can have. */
export function rowOf(kind: AnyKind, key: ObjectKey): RowKey {
  const namespace = kind.scope === 'Cluster' ? '' : (key.namespace ?? '')
  if (!isStorable(key.name, namespace)) throw notFound(kind, key.name)
  return { resource: resourceName(keptKindOf(kind)), namespace, name: key.name }
}

function assertObject(object: { metadata?: unknown }): void {
  if (typeof object.metadata !== 'object' || object.metadata === null)
    throw badRequest('metadata must be an object')
  if (jsonDepth(object, objectDepthMax) > objectDepthMax)
    throw badRequest(`The object nests deeper than ${objectDepthMax} levels: make it flatter.`)
}

function assertNamespace(
  kind: AnyKind,
  name: string,
  namespace: string,
  stored: StoredObject | undefined,
): void {
  if (stored === undefined)
    throw new ApiError('NotFound', `namespaces "${namespace}" not found`, {
      name: namespace,
      kind: 'namespaces',
    })
  if (stored.metadata.deletionTimestamp !== undefined)
    throw new ApiError(
      'Forbidden',
      `${resourceName(kind)} "${name}" is forbidden: unable to create new content in namespace ${namespace} because it is being terminated`,
      {
        ...namedDetails(kind, name),
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${namespace} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    )
}

function isNamespace(kind: AnyKind): boolean {
  return resourceName(kind) === 'namespaces'
}

/** The store itself says whether a namespace takes new objects. */
function withPhase(namespace: StoredObject, phase: 'Active' | 'Terminating'): StoredObject {
  return { ...namespace, status: { ...(namespace['status'] as object | undefined), phase } }
}

/** Enough to bound a batch; the exact bytes are checked when the text is made. */
function aboutBytes(object: object): number {
  return JSON.stringify(object).length
}
