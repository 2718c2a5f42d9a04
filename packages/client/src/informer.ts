import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { AnyKind, ObjectOf } from '@skerry/api/kind'
import { resourceName } from '@skerry/api/kind'
import type { ObjectKey } from '@skerry/api/object'
import type { ListOptions, State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import { informerObjectsMax, reconnectFirstMs, reconnectMaxMs } from './http-limits.ts'

export type InformerOptions<K extends AnyKind> = {
  readonly state: State
  readonly kind: K
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly list?: ListOptions
  /** Default `informerObjectsMax`; past it the informer stops and says so. */
  readonly objectsMax?: number
  /** Hears of every change, and of what a new list shows; `after` is absent when the object is gone. */
  readonly onChange?: (change: {
    readonly before?: ObjectOf<K>
    readonly after?: ObjectOf<K>
  }) => void
}

/** The objects of a kind, kept as they are at the hub by one list and one watch. */
export type Informer<T> = AsyncDisposable & {
  /** Resolves when the first list is complete; rejects if the informer stops before. */
  readonly synced: Promise<void>
  get(key: ObjectKey): T | undefined
  list(): T[]
}

export function createInformer<K extends AnyKind>(
  options: InformerOptions<K>,
): Informer<ObjectOf<K>> {
  const closing = new AbortController()
  const cache = new Map<string, ObjectOf<K>>()
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>()
  // Whoever does not wait for it still learns of the end by the log.
  synced.catch(() => {})
  const running = follow(options, cache, { signal: closing.signal, onSynced: resolve }).catch(
    (thrown: unknown) => {
      reject(toError(thrown))
      options.log.error('an informer stopped', {
        kind: resourceName(options.kind),
        error: toError(thrown).message,
      })
    },
  )
  return {
    synced,
    get: (key) => cache.get(cacheKey(key)),
    list: () => [...cache.values()],
    [Symbol.asyncDispose]: async () => {
      closing.abort()
      reject(new Error('The informer was closed.'))
      await running
    },
  }
}

const cacheKey = ({ namespace = '', name }: ObjectKey): string => `${namespace}/${name}`

type Following = { readonly signal: AbortSignal; readonly onSynced: () => void }

async function follow<K extends AnyKind>(
  options: InformerOptions<K>,
  cache: Map<string, ObjectOf<K>>,
  { signal, onSynced }: Following,
): Promise<void> {
  for (let failures = 0; !signal.aborted;)
    try {
      const resourceVersion = await relist(options, cache)
      failures = 0
      onSynced()
      await applyEvents(options, cache, { resourceVersion, signal })
    } catch (thrown) {
      if (signal.aborted) return
      if (!isPassing(thrown)) throw thrown
      const delay = { firstMs: reconnectFirstMs, maxMs: reconnectMaxMs }
      await options.clock.sleep(backoffMs(failures, delay, options.random), signal).catch(() => {})
      failures += 1
    }
}

function isPassing(thrown: unknown): boolean {
  return isApiError(
    thrown,
    'Expired',
    'ServiceUnavailable',
    'TooManyRequests',
    'Timeout',
    'InternalError',
  )
}

/** Makes the cache what a new list shows; answers the version of that list. */
async function relist<K extends AnyKind>(
  options: InformerOptions<K>,
  cache: Map<string, ObjectOf<K>>,
): Promise<string> {
  const { items, resourceVersion } = await options.state.list(options.kind, options.list)
  const listed = new Set(items.map(({ metadata }) => cacheKey(metadata)))
  // Deleting while iterating is safe in a Map.
  for (const object of cache.values())
    if (!listed.has(cacheKey(object.metadata))) remove(options, cache, object)
  for (const object of items) store(options, cache, object)
  return resourceVersion
}

async function applyEvents<K extends AnyKind>(
  options: InformerOptions<K>,
  cache: Map<string, ObjectOf<K>>,
  { resourceVersion, signal }: { readonly resourceVersion: string; readonly signal: AbortSignal },
): Promise<void> {
  const watching = { ...options.list, resourceVersion, signal }
  for await (const event of options.state.watch(options.kind, watching)) {
    if (event.type === 'BOOKMARK') continue
    if (event.type === 'DELETED') remove(options, cache, event.object)
    else store(options, cache, event.object)
  }
}

function store<K extends AnyKind>(
  { kind, objectsMax = informerObjectsMax, onChange }: InformerOptions<K>,
  cache: Map<string, ObjectOf<K>>,
  after: ObjectOf<K>,
): void {
  const key = cacheKey(after.metadata)
  const before = cache.get(key)
  if (before?.metadata.resourceVersion === after.metadata.resourceVersion) return
  if (before === undefined && cache.size >= objectsMax)
    throw new Error(`There are more than ${objectsMax} ${resourceName(kind)}: select fewer.`)
  cache.set(key, after)
  onChange?.(before === undefined ? { after } : { before, after })
}

function remove<K extends AnyKind>(
  { onChange }: InformerOptions<K>,
  cache: Map<string, ObjectOf<K>>,
  gone: ObjectOf<K>,
): void {
  const key = cacheKey(gone.metadata)
  const before = cache.get(key)
  cache.delete(key)
  if (before !== undefined) onChange?.({ before })
}
