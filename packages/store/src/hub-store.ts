import type { Rollup } from '@skerry/api/metrics'
import type { SpecVersion } from '@skerry/api/site-spec'
import type { State } from '@skerry/api/state'
import type { TextState } from '@skerry/api/text-state'

/** Everything that a hub keeps: in PostgreSQL, or in memory for tests. */
export type HubStore = AsyncDisposable & {
  readonly state: State
  /** The same objects as the texts that are kept, for who only hands them on. */
  readonly texts: TextState
  readonly specs: SpecStore
  readonly rollups: RollupStore
  /** Raised when the hub is restored from a backup. */
  readonly epoch: number
  /** For the metrics; absent: there is nothing to tell. */
  readonly figures?: {
    /** Writes that wait for a commit. */
    readonly queuedWrites: () => number
    /** Changes that are committed and not yet told to the watchers of this process. */
    readonly changesBehind: () => Promise<number>
  }
  /** Resolves when the store answers; rejects with Unavailable. For `/readyz`. */
  ping(): Promise<void>
}

export type StoredSpec = SpecVersion & {
  readonly siteUid: string
  readonly namespace: string
  readonly site: string
  /** SHA-256 of what the spec says, without its version and times: equal content is not issued again. */
  readonly contentDigest: string
  /** The signed envelope as JSON text. */
  readonly envelope: string
  /** Digests of the blobs that the site may fetch. */
  readonly blobs: readonly string[]
}

/** The signed site specs. Written by one controller, read by the gateways of all hub processes. */
export type SpecStore = {
  get(siteUid: string): Promise<StoredSpec | undefined>
  /** Rejects with Conflict when a spec of the same or a newer version is there. */
  put(spec: StoredSpec): Promise<void>
  delete(siteUid: string): Promise<void>
  /** Called with the uid of a site whose spec changed, in any hub process; with undefined when changes may have been missed. */
  subscribe(listener: (siteUid: string | undefined) => void): Disposable
}

export type RollupQuery = {
  readonly namespace: string
  /** Absent: all sites. */
  readonly sites?: readonly string[]
  readonly model?: string
  readonly digest?: string
  /** Rollups that end after this. */
  readonly sinceMs: number
  /** Rollups that start before this; absent: no end. */
  readonly untilMs?: number
}

/** Measurements of the sites. */
export type RollupStore = {
  /**
   * Stores the records of one batch. What has come before, by (site, boot, sequence), counts once.
   * Returns the highest sequence of this boot up to which everything of the batch is stored.
   */
  append(batch: RollupBatch): Promise<number>
  query(query: RollupQuery): Promise<Rollup[]>
  /** Forgets what ended before. Returns how many rows went. */
  prune(beforeMs: number): Promise<number>
}

export type RollupBatch = {
  readonly siteUid: string
  readonly bootId: string
  readonly rollups: readonly (Rollup & { readonly sequence: number })[]
}
