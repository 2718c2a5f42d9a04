import { type AnyKind, apiVersionOf } from './kind.ts'
import type { KubeObject, ObjectKey, StoredObject } from './object.ts'
import type { ListOptions, NewObject, UpdateOptions, WatchOptions, WriteOptions } from './state.ts'

/**
 * A store as the text that it keeps, for an API server: what only passes through is never parsed, what
 * was written is answered as it was written, and what many watchers are told is made once. Memory and
 * PostgreSQL have it beside `State`.
 */
export type TextState = {
  getText(kind: AnyKind, key: ObjectKey): Promise<StoredText | undefined>
  listTexts(kind: AnyKind, options?: PageOptions): Promise<TextPage>
  /** `State.create`, answered as text. */
  createText(kind: AnyKind, object: NewObject, options?: WriteOptions): Promise<StoredText>
  /** `State.update`, answered as text. */
  updateText(kind: AnyKind, object: KubeObject, options?: UpdateOptions): Promise<StoredText>
  /**
   * What came together is told together. Throws what `State.watch` throws. Watchers that want the same are
   * given the very same lists, so that what is made of a list can be made once.
   */
  watchTexts(kind: AnyKind, options: WatchOptions): AsyncIterable<readonly TextEvent[]>
  /** The newest version of all. */
  version(): Promise<string>
}

/** One version of an object. It is shared by all who read it: nobody changes it. */
export type StoredText = {
  /** JSON of the kind that was asked for. It begins with `{"apiVersion":"...","kind":"...","metadata":{`. */
  readonly text: string
  /** The parsed object; parsed when it is first asked for. */
  readonly object: StoredObject
}

export type PageOptions = ListOptions & {
  /** Absent: everything. */
  readonly limit?: number | undefined
  /** Goes on after this key, in the order of namespace and name. */
  readonly after?: ObjectKey | undefined
  /** The version of the first page: all pages are of one snapshot. Rejects with Expired when it is no longer kept. */
  readonly at?: string | undefined
  /** How many there are after the key, when that is known: then it is not counted again. */
  readonly remaining?: number | undefined
}

export type TextPage = {
  readonly resourceVersion: string
  /** In slices of a bounded size. Must be read to the end, or returned. */
  readonly slices: AsyncIterable<readonly StoredText[]>
  /** There is more after this key. Known when the slices have been read. */
  readonly next: () => ObjectKey | undefined
  /** About how many more, where that is cheap to know. */
  readonly remainingItemCount: () => number | undefined
}

export type TextEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly item: StoredText }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly isInitialEnd?: boolean }

const openings = new WeakMap<AnyKind, string>()

/** How the text of every object of a kind begins, up to where its metadata does. */
export function openingOf(kind: AnyKind): string {
  const known = openings.get(kind)
  if (known !== undefined) return known
  const type = JSON.stringify({ apiVersion: apiVersionOf(kind), kind: kind.kind })
  const opening = `${type.slice(0, -1)},"metadata":`
  openings.set(kind, opening)
  return opening
}
