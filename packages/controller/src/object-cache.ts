import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import { type AnyKind, type ObjectOf, resourceName } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import type { State, WatchEvent } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import type { Cached } from './controller.ts'
import { keyOf } from './controller.ts'
import { cachedObjectsMax, watchRetryFirstMs, watchRetryMaxMs } from './limits.ts'

export type CacheOptions = {
  readonly state: State
  readonly kinds: readonly AnyKind[]
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** `before` is absent when the object is new, and when it is gone. */
  readonly onChange: (kind: AnyKind, object: StoredObject, before?: StoredObject) => void
}

type Kept = Map<string, StoredObject>

/** Follows some kinds by list and watch, and keeps what it hears. */
export class ObjectCache implements Cached {
  readonly #options: CacheOptions
  readonly #objects: Map<string, Kept>
  /** What ends the following of kinds that came later. */
  readonly #added = new Map<string, AbortController>()

  constructor(options: CacheOptions) {
    this.#options = options
    this.#objects = new Map(options.kinds.map((kind) => [resourceName(kind), new Map()]))
  }

  get<K extends AnyKind>(kind: K, key: { namespace?: string | undefined; name: string }) {
    return this.#kept(kind).get(`${key.namespace ?? ''}/${key.name}`) as ObjectOf<K> | undefined
  }

  list<K extends AnyKind>(kind: K, namespace?: string): ObjectOf<K>[] {
    const objects = [...this.#kept(kind).values()]
    const wanted =
      namespace === undefined
        ? objects
        : objects.filter((object) => object.metadata.namespace === namespace)
    return wanted.toSorted((left, right) =>
      left.metadata.name < right.metadata.name ? -1 : 1,
    ) as ObjectOf<K>[]
  }

  /** Runs until the signal aborts; `synced` is called once everything that was there is here. */
  async run(signal: AbortSignal, synced: () => void): Promise<void> {
    const { kinds } = this.#options
    let waiting = kinds.length
    const ready = () => {
      waiting -= 1
      if (waiting === 0) synced()
    }
    if (waiting === 0) synced()
    await Promise.all(kinds.map((kind) => this.#follow(kind, signal, ready)))
  }

  /** Follows these kinds too, and no others beside the first: those that were added before and are not among them go. */
  followAlso(kinds: readonly AnyKind[], signal: AbortSignal): void {
    const wanted = new Map(kinds.map((kind) => [resourceName(kind), kind]))
    for (const [name, stop] of this.#added)
      if (!wanted.has(name)) {
        stop.abort(new Error('The kind is gone.'))
        this.#added.delete(name)
        this.#objects.delete(name)
      }
    for (const [name, kind] of wanted) {
      if (this.#objects.has(name)) continue
      const stop = new AbortController()
      this.#added.set(name, stop)
      this.#objects.set(name, new Map())
      void this.#follow(kind, AbortSignal.any([signal, stop.signal]), () => {})
    }
  }

  #kept(kind: AnyKind): Kept {
    const kept = this.#objects.get(resourceName(kind))
    if (kept === undefined)
      throw new Error(`Broken assumption: no controller declares that it reads ${kind.kind}`)
    return kept
  }

  async #follow(kind: AnyKind, signal: AbortSignal, ready: () => void): Promise<void> {
    const { clock, random, log } = this.#options
    let isReady = false
    for (let failures = 0; !signal.aborted; failures += 1) {
      try {
        const resourceVersion = await this.#fill(kind)
        if (!isReady) ready()
        isReady = true
        failures = 0
        const watch = this.#options.state.watch(kind, { resourceVersion, signal })
        for await (const event of watch) if (!signal.aborted) this.#hear(kind, event as WatchEvent)
      } catch (thrown) {
        if (signal.aborted) return
        if (!isApiError(thrown, 'Expired'))
          log.warn('a watch broke and is opened again', {
            kind: kind.kind,
            error: toError(thrown).message,
          })
      }
      if (signal.aborted) return
      const delayMs = backoffMs(
        failures,
        { firstMs: watchRetryFirstMs, maxMs: watchRetryMaxMs },
        random,
      )
      await clock.sleep(delayMs, signal).catch(() => {})
    }
  }

  /** Lists the kind, tells what changed meanwhile, and returns the version to watch from. */
  async #fill(kind: AnyKind): Promise<string> {
    const { items, resourceVersion } = await this.#options.state.list(kind)
    const kept = this.#objects.get(resourceName(kind))
    if (kept === undefined) return resourceVersion
    const before = new Map(kept)
    kept.clear()
    for (const listed of items as StoredObject[]) {
      const item = slimObject(listed)
      const key = keyOf(item)
      kept.set(key, item)
      const old = before.get(key)
      if (old?.metadata.resourceVersion !== item.metadata.resourceVersion)
        this.#options.onChange(kind, item, old)
      before.delete(key)
    }
    for (const gone of before.values()) this.#options.onChange(kind, gone)
    return resourceVersion
  }

  #hear(kind: AnyKind, event: WatchEvent): void {
    if (event.type === 'BOOKMARK') return
    const kept = this.#kept(kind)
    const object = slimObject(event.object)
    const key = keyOf(object)
    const before = event.type === 'MODIFIED' ? kept.get(key) : undefined
    if (event.type === 'DELETED') kept.delete(key)
    else kept.set(key, object)
    if (kept.size > cachedObjectsMax)
      throw new Error(`More than ${cachedObjectsMax} objects of ${kind.kind}: split the hub.`)
    this.#options.onChange(kind, object, before)
  }
}

/**
 * An object without the list of who manages which field: it is half of what an object weighs, and no
 * controller asks for it. What a controller writes leaves it as it is stored.
 */
function slimObject(object: StoredObject): StoredObject {
  const { managedFields, ...metadata } = object.metadata
  return managedFields === undefined ? object : { ...object, metadata }
}
