import type { AnyKind, ObjectOf } from './kind.ts'
import type { KubeObject, ObjectKey, StoredObject } from './object.ts'
import type { FieldSelector, LabelSelector } from './selector.ts'

export type ListOptions = {
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined
  readonly labelSelector?: LabelSelector | undefined
  readonly fieldSelector?: FieldSelector | undefined
  /** What the caller may see beyond the selectors. A watch tells an object that leaves it as DELETED. */
  readonly where?: ((object: StoredObject) => boolean) | undefined
}

export type ObjectList<T = StoredObject> = {
  readonly items: T[]
  /** The version at which the list was true; watch from here and miss nothing. */
  readonly resourceVersion: string
}

export type WriteOptions = {
  readonly dryRun?: boolean | undefined
  /** Who writes, for `metadata.managedFields`. Absent: ownership of fields stays as it is. */
  readonly fieldManager?: string | undefined
  /** Server-side apply has decided who owns what: `metadata.managedFields` is taken as it is. */
  readonly isApplied?: boolean | undefined
  /** The subresource by which the write came, where it is not `subresource`: fields are managed under its name. */
  readonly managedAs?: string | undefined
  /** The version in which the write came, where it is not the one that is kept. */
  readonly managedVersion?: string | undefined
  /**
   * Called when the write holds the lock that orders all writes, just before it is decided; throws to
   * refuse it. Over HTTP there is no such moment, and it is not called.
   */
  readonly assertMayWrite?: (() => void) | undefined
}

export type UpdateOptions = WriteOptions & {
  /** Absent: everything but status. `status`: status and nothing else; `finalize`: spec, of namespaces. */
  readonly subresource?: 'status' | 'finalize' | undefined
}

export type DeleteOptions = WriteOptions & {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined
  /** `Background` unless said otherwise: dependents are removed afterwards. */
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan' | undefined
}

export type WatchOptions = ListOptions & {
  /** Absent: first an ADDED for everything that is there, then what changes. */
  readonly resourceVersion?: string | undefined
  /** Ends the stream. */
  readonly signal: AbortSignal
  /** Sends a BOOKMARK now and then, and one after the initial ADDED events. */
  readonly bookmarks?: boolean | undefined
}

export type WatchEvent<T = StoredObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly isInitialEnd?: boolean }

/**
 * The objects of a hub. Memory, PostgreSQL and the HTTP client implement these six methods, and one
 * suite (`@skerry/testing/state-conformance`) holds them to the same behaviour.
 *
 * All but `get` reject with an `ApiError`: `NotFound`, `AlreadyExists`, `Conflict` (read again and
 * retry), `Invalid`, `Expired` (list again), `ServiceUnavailable` (retry later).
 *
 * Versions are decimal, one order for all kinds, in the order of commits. A watch never skips a
 * change and never repeats one. An object leaving a selector is DELETED in that watch.
 */
export type State = {
  get<K extends AnyKind>(kind: K, key: ObjectKey): Promise<ObjectOf<K> | undefined>
  list<K extends AnyKind>(kind: K, options?: ListOptions): Promise<ObjectList<ObjectOf<K>>>
  create<K extends AnyKind>(
    kind: K,
    object: NewObject,
    options?: WriteOptions,
  ): Promise<ObjectOf<K>>
  /**
   * Replaces spec and metadata, or status. If `metadata.resourceVersion` is set it must be the
   * stored one. A change of nothing makes no new version. Removing the last finalizer of an object
   * whose deletion was asked for removes it.
   */
  update<K extends AnyKind>(
    kind: K,
    object: KubeObject,
    options?: UpdateOptions,
  ): Promise<ObjectOf<K>>
  /** Returns the object as it was removed, or as it stays until its finalizers are gone. */
  delete<K extends AnyKind>(kind: K, key: ObjectKey, options?: DeleteOptions): Promise<ObjectOf<K>>
  watch<K extends AnyKind>(kind: K, options: WatchOptions): AsyncIterable<WatchEvent<ObjectOf<K>>>
}

/** An object to create: `metadata.generateName` may stand in for the name. */
export type NewObject = {
  apiVersion?: string
  kind?: string
  metadata: Omit<KubeObject['metadata'], 'name'> & { name?: string }
  [field: string]: unknown
}

/** `State` before a kind says of what type its objects are: what those who implement it write. */
export type UntypedState = {
  [Method in keyof State]: (
    ...args: Parameters<State[Method]>
  ) => Method extends 'watch'
    ? AsyncIterable<WatchEvent>
    : Method extends 'get'
      ? Promise<StoredObject | undefined>
      : Method extends 'list'
        ? Promise<ObjectList>
        : Promise<StoredObject>
}
