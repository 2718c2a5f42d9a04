import type { AnyKind, ObjectOf } from '@skerry/api/kind'
import type { ObjectKey, StoredObject } from '@skerry/api/object'
import type { State } from '@skerry/api/state'

/** The objects of the kinds that some controller reads, as last heard. Never write to them. */
export type Cached = {
  get<K extends AnyKind>(kind: K, key: ObjectKey): ObjectOf<K> | undefined
  /** Absent namespace: all. In the order of their names. */
  list<K extends AnyKind>(kind: K, namespace?: string): ObjectOf<K>[]
}

export type View = {
  /** What is true now; where a decision must not be made on old news. */
  readonly state: State
  /** What was true a moment ago; cheap. */
  readonly cached: Cached
}

/**
 * Which keys to look at when an object of a kind is added, changed or removed. `before` is there when
 * it changed: a heartbeat that touches nothing that is read need not wake anybody.
 */
export type Read = {
  readonly kind: AnyKind
  readonly keysOf: (
    object: StoredObject,
    cached: Cached,
    before: StoredObject | undefined,
  ) => readonly string[]
}

/** Look again after this, even if nothing changes. */
export type Outcome = { readonly againAfterMs: number } | undefined

/** A loop that looks at one key, does what is to be done, and may be run again at any time. */
export type Controller = {
  readonly name: string
  readonly reads: readonly Read[]
  /** What it reads of kinds that come and go; asked again after each call of the listener. */
  readonly readsAlso?: {
    readonly now: () => readonly Read[]
    subscribe(listener: () => void): Disposable
  }
  /** The parts of status that it alone writes: [kind, field]. */
  readonly owns: readonly (readonly [kind: AnyKind, field: string])[]
  /** Kinds of which it creates or deletes objects; for the graph. */
  readonly makes?: readonly AnyKind[]
  /** Keys that are looked at without any object. */
  readonly seeds?: readonly string[]
  /** How many keys at a time. Default 1. */
  readonly workers?: number
  readonly reconcile: (key: string, view: View) => Promise<Outcome | void>
}

/** Objects of `kind`, typed for `keysOf`. */
export function reads<K extends AnyKind>(
  kind: K,
  keysOf: (
    object: ObjectOf<K>,
    cached: Cached,
    before: ObjectOf<K> | undefined,
  ) => readonly string[],
): Read {
  return { kind, keysOf: keysOf as Read['keysOf'] }
}

/** `namespace/name`, the usual key. */
export function keyOf(object: { metadata: { namespace?: string; name: string } }): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
}

export function parseKey(key: string): { namespace: string; name: string } {
  const slash = key.indexOf('/')
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) }
}
