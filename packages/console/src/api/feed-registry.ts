import { Feed, type FeedDeps, type FeedSource } from './feed.ts'

/** Whether the console hears the hub; if not, of when the oldest thing on the screen is. */
export type Connection =
  | { readonly isLost: false }
  | { readonly isLost: true; readonly knownAtMs: number | undefined; readonly message: string }

const feedsMax = 100
const isFine: Connection = { isLost: false }

/** Every feed of the console, so that two parts of a page that look at one thing share one watch. */
export class FeedRegistry {
  readonly #feeds = new Map<string, Feed<unknown>>()
  readonly #deps: FeedDeps
  readonly #listeners = new Set<() => void>()
  #connection: Connection = isFine

  constructor(deps: Omit<FeedDeps, 'onDrawn'>) {
    this.#deps = { ...deps, onDrawn: () => this.#lookAgain() }
  }

  feed<V>(key: string, source: () => FeedSource<V>): Feed<V> {
    const existing = this.#feeds.get(key)
    if (existing !== undefined) return existing as Feed<V>
    const feed = new Feed<V>(source(), this.#deps)
    this.#feeds.set(key, feed as Feed<unknown>)
    for (const [oldKey, old] of this.#feeds)
      if (this.#feeds.size > feedsMax && !old.isWatched && old !== feed) this.#feeds.delete(oldKey)
    return feed
  }

  suspend(isSuspended: boolean): void {
    for (const feed of this.#feeds.values()) feed.suspend(isSuspended)
  }

  retryNow(): void {
    for (const feed of this.#feeds.values()) feed.retryNow()
  }

  readonly connection = (): Connection => this.#connection

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #lookAgain(): void {
    const next = connectionOf([...this.#feeds.values()])
    const last = this.#connection
    const isSame =
      next.isLost === last.isLost &&
      (!next.isLost || (last.isLost && next.knownAtMs === last.knownAtMs))
    if (isSame) return
    this.#connection = next
    for (const listener of this.#listeners) listener()
  }
}

const isOutage = (code: number): boolean => code >= 500 || code === 429

function connectionOf(feeds: readonly Feed<unknown>[]): Connection {
  let lost: { knownAtMs: number | undefined; message: string } | undefined
  for (const feed of feeds) {
    const snapshot = feed.snapshot()
    if (!feed.isWatched || snapshot.state !== 'known') continue
    if (snapshot.error === undefined || !isOutage(snapshot.error.code)) continue
    if (lost === undefined || (lost.knownAtMs ?? 0) > snapshot.atMs)
      lost = { knownAtMs: snapshot.atMs, message: snapshot.error.message }
  }
  return lost === undefined ? isFine : { isLost: true, ...lost }
}
