import type { StoredObject } from '@skerry/api/object'
import type { ListOptions } from '@skerry/api/state'
import type { RowKey } from './row-key.ts'

/** A change of one object, as it stands in the log. */
export type Change = {
  /** One counter for all kinds, in the order of commits, without a gap. */
  readonly version: number
  readonly row: RowKey
  /** Absent: it was made. */
  readonly before: StoredObject | undefined
  /** Absent: it is gone. */
  readonly after: StoredObject | undefined
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

export type LedgerList = { readonly items: StoredObject[]; readonly version: number }

export type ChangeRange = {
  readonly resource: string
  /** Changes with a version above this. */
  readonly after: number
  /** Changes up to and with this version. */
  readonly through: number
}

/** Where objects and their changes are kept: what memory and PostgreSQL do differently. */
export type Ledger = {
  get(row: RowKey): Promise<StoredObject | undefined>
  /** One snapshot and its version. May answer objects that do not match the selectors. */
  list(resource: string, options: ListOptions): Promise<LedgerList>
  /** Answers the object as it is after the commit. */
  write(write: Write): Promise<StoredObject>
  /** Throws Expired when some of the range is no longer kept. */
  changes(range: ChangeRange): AsyncIterable<Change>
  /** The newest version that is committed. */
  version(): Promise<number>
}
