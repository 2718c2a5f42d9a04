import { isPlainObject } from '@skerry/base/json'
import type { Clock } from '@skerry/base/clock'
import { type Random, systemRandom } from '@skerry/base/random'
import { type AnyKind, apiVersionOf, resourceName } from '@skerry/api/kind'
import type { ObjectKey, StoredObject } from '@skerry/api/object'
import type {
  DeleteOptions,
  ListOptions,
  ObjectList,
  State,
  WriteOptions,
  UntypedState,
} from '@skerry/api/state'
import { ApiError, isApiError, notFound } from '@skerry/api/status'
import { type HubConnection, createHubConnection } from './hub-connection.ts'
import { watchOverHttp } from './http-watch.ts'
import type { HubAddress } from './kubeconfig.ts'
import { resourcePath, selectorQuery, withQuery } from './resource-path.ts'

export type HttpStateOptions = HubAddress & {
  readonly kinds: readonly AnyKind[]
  readonly clock: Clock
  readonly random?: Random
}

/** `State` of a hub across the network: the same six methods, the same answers. */
export function createHttpState(options: HttpStateOptions): State & AsyncDisposable {
  const { clock, random = systemRandom } = options
  const connection = createHubConnection(options, clock)
  const closing = new AbortController()
  const known = new Set(options.kinds.map(resourceName))
  const checked = <K extends AnyKind>(kind: K): K => {
    if (known.has(resourceName(kind))) return kind
    throw new ApiError('NotFound', 'the server could not find the requested resource')
  }
  const state: UntypedState = {
    get: async (kind, key) => getObject(connection, checked(kind), key),
    list: async (kind, listOptions = {}) => listObjects(connection, checked(kind), listOptions),
    create: async (kind, object, writeOptions = {}) => {
      const { namespace } = object.metadata
      return sendObject(connection, {
        method: 'POST',
        path: resourcePath(checked(kind), { namespace }),
        body: { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object },
        options: writeOptions,
      })
    },
    update: async (kind, object, { subresource, ...writeOptions } = {}) => {
      const { namespace, name } = object.metadata
      if (!isNamed(name)) throw notFound(checked(kind), name)
      return sendObject(connection, {
        method: 'PUT',
        path: resourcePath(checked(kind), { namespace, name, subresource }),
        body: object,
        options: writeOptions,
      })
    },
    delete: async (kind, key, deleteOptions = {}) =>
      deleteObject(connection, checked(kind), { key, options: deleteOptions }),
    watch: (kind, watchOptions) => {
      const signal = AbortSignal.any([watchOptions.signal, closing.signal])
      const list = () => listObjects(connection, checked(kind), watchOptions)
      return watchOverHttp({ connection, clock, random, list }, checked(kind), {
        ...watchOptions,
        signal,
      })
    },
  }
  // The hub has admitted what it answers, so objects are of their kind's type.
  const typed = state as State
  return {
    ...typed,
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      connection[Symbol.dispose]()
    },
  }
}

/** A name that a path can hold; an empty one would be the path of the whole collection. */
const isNamed = (name: unknown): name is string => typeof name === 'string' && name !== ''

async function getObject(
  connection: HubConnection,
  kind: AnyKind,
  { namespace, name }: ObjectKey,
): Promise<StoredObject | undefined> {
  if (!isNamed(name) || (kind.scope === 'Namespaced' && !isNamed(namespace))) return undefined
  try {
    const path = resourcePath(kind, { namespace, name })
    return (await connection.send({ method: 'GET', path })) as StoredObject
  } catch (thrown) {
    if (isApiError(thrown, 'NotFound')) return undefined
    throw thrown
  }
}

async function listObjects(
  connection: HubConnection,
  kind: AnyKind,
  options: ListOptions,
): Promise<ObjectList> {
  const path = resourcePath(kind, { namespace: options.namespace })
  const answer = await connection.send({
    method: 'GET',
    path: withQuery(path, selectorQuery(options)),
  })
  const { items, metadata } = answer as {
    items: StoredObject[]
    metadata: { resourceVersion: string }
  }
  return { items, resourceVersion: metadata.resourceVersion }
}

type Sending = {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body: unknown
  readonly options: WriteOptions
}

async function sendObject(
  connection: HubConnection,
  { method, path, body, options }: Sending,
): Promise<StoredObject> {
  return (await connection.send({
    method,
    path: withQuery(path, {
      ...(options.dryRun ? { dryRun: 'All' } : {}),
      ...(options.fieldManager === undefined ? {} : { fieldManager: options.fieldManager }),
    }),
    body: JSON.stringify(body),
  })) as StoredObject
}

async function deleteObject(
  connection: HubConnection,
  kind: AnyKind,
  { key, options }: { readonly key: ObjectKey; readonly options: DeleteOptions },
): Promise<StoredObject> {
  if (!isNamed(key.name)) throw notFound(kind, key.name)
  const { dryRun, preconditions, propagationPolicy } = options
  const answer = await connection.send({
    method: 'DELETE',
    path: resourcePath(kind, key),
    // A Status would not say what the object was.
    headers: { prefer: 'return=representation' },
    body: JSON.stringify({
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions,
      propagationPolicy,
      ...(dryRun ? { dryRun: ['All'] } : {}),
    }),
  })
  if (!isPlainObject(answer) || answer['kind'] === 'Status')
    throw new Error('Broken assumption: the server answers a deletion with the object')
  return answer as StoredObject
}
