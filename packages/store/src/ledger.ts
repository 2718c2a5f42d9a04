import type { StoredObject } from '@skerry/api/object'
import type { ListOptions } from '@skerry/api/state'
import type { KeptText } from './kept-text.ts'
import type { RowKey } from './row-key.ts'

/** A change of one object, as it stands in the log. */
export type Change = {
  /** One counter for all kinds, in the order of commits, without a gap. */
  readonly version: number
  readonly row: RowKey
  /** Absent: it was made. */
  readonly before: KeptText | undefined
  /** Absent: it is gone. */
  readonly after: KeptText | undefined
}

/** What a write sees, under the lock. */
export type WriteView = {
  readonly current: StoredObject | undefined
  /** The namespace of the object, if the write asked for it. */
  readonly namespace: StoredObject | undefined
}

export type Decision =
  /** Answers the object and writes nothing. */
  | { readonly action: 'keep'; readonly object: StoredObject }
  | { readonly action: 'put'; readonly object: StoredObject }
  | { readonly action: 'remove'; readonly object: StoredObject }

/** A write is a pure decision that the ledger asks for when it holds the lock. */
export type Write = {
  readonly row: RowKey
  /** The name of a namespace to read under the same lock. */
  readonly within?: string | undefined
  /** About how much text it carries, for the bound on a batch. */
  readonly bytes: number
  /** Throws ApiError to refuse. May be called more than once. */
  readonly decide: (view: WriteView) => Decision
}

/** A place in the order of a list. */
export type Place = Pick<RowKey, 'namespace' | 'name'>

export type SliceQuery = {
  readonly resource: string
  /** What is kept is narrowed by them where that is cheap; who asks looks again. */
  readonly options: ListOptions
  /** The objects as they were at this version; absent: as they are now. */
  readonly at?: number | undefined
  /** Only what comes after this place. */
  readonly after?: Place | undefined
  /** Objects of one slice; absent: as many as there is room for. */
  readonly items?: number | undefined
  /** Whether to count what there is from the place on. */
  readonly isCounted?: boolean | undefined
}

export type SliceItem = {
  readonly place: Place
  readonly kept: KeptText
  /** Whether it is known to have the labels that were asked for. */
  readonly isLabelled: boolean
}

export type Slice = {
  /** The same in all slices of a list. */
  readonly version: number
  /** In the order of namespace and name. */
  readonly items: readonly SliceItem[]
  /** How many there are from the place on, in the first slice of a list that is counted. */
  readonly total?: number | undefined
}

export type ChangeRange = {
  readonly resource: string
  /** Changes with a version above this. */
  readonly after: number
  /** Changes up to and with this version. */
  readonly through: number
}

/** Where objects and their changes are kept: what memory and PostgreSQL do differently. */
export type Ledger = {
  get(row: RowKey): Promise<KeptText | undefined>
  /**
   * One snapshot, slice by slice; there is at least one slice. May give objects that do not match the
   * selectors. Throws Expired when the version is no longer kept.
   */
  slices(query: SliceQuery): AsyncIterable<Slice>
  /** Answers the object as it is after the commit. */
  write(write: Write): Promise<KeptText>
  /** Throws Expired when some of the range is no longer kept. */
  changes(range: ChangeRange): AsyncIterable<Change>
  /** The newest version that is committed. */
  version(): Promise<number>
}
