import type { Clock } from '@skerry/base/clock'
import { ApiError, gone } from '@skerry/api/status'
import type { KeptText } from './kept-text.ts'
import type { Change } from './ledger.ts'
import { bookmarkIntervalMs, watchersWokenMax } from './limits.ts'
import { type ChangeEvent, type Selection, WatchGroup, type Watcher } from './watch-group.ts'
import { departedText } from './watch-group.ts'

/** One watcher's place in the stream of changes. */
export type Subscription = Disposable & {
  /** Every change after this version comes through `take`. */
  readonly since: number
  /** What has come since the last call, in order, for nobody to change. Throws when the watcher was cut off. */
  take(): readonly ChangeEvent[]
  /** Whether it is time for a bookmark; asked once. */
  isBookmarkDue(): boolean
  /** Resolves when there is something to take or to say, or `wake` was called. */
  wait(): Promise<void>
  wake(): void
}

/** Gives the changes of a store, in the order of versions, to all watchers of a process. */
export type WatchHub = Disposable & {
  /** The newest version that was given out. */
  readonly seen: number
  subscribe(selection: Selection, wantsBookmarks: boolean): Subscription
  /** `through` is at least the version of the last change. */
  publish(changes: readonly Change[], through: number): void
  /** Changes were missed: every watcher has to list again; the stream goes on after `seen`. */
  reset(seen: number): void
}

const fellBehind = () =>
  gone('The watch fell behind the changes: list again and watch from that version.')

export function createWatchHub(startVersion: number, clock: Clock): WatchHub {
  const groups = new Map<string, Map<string, WatchGroup>>()
  const waker = createWaker()
  const bookmarks = createBookmarks(clock, waker)
  let seen = startVersion
  let closed: ApiError | undefined

  const endAll = (error: () => ApiError): void => {
    for (const byKey of groups.values())
      for (const group of byKey.values()) {
        for (const watcher of group.watchers) watcher.error ??= error()
        waker.wake(group.watchers)
      }
  }
  const groupOf = ({ resource, key }: Selection, make: () => WatchGroup): WatchGroup => {
    const byKey = groups.get(resource) ?? new Map<string, WatchGroup>()
    const group = byKey.get(key) ?? make()
    groups.set(resource, byKey.set(key, group))
    return group
  }
  const leave = ({ resource, key }: Selection, group: WatchGroup, watcher: Watcher): void => {
    group.leave(watcher)
    bookmarks.remove(watcher)
    if (group.watchers.size > 0) return
    groups.get(resource)?.delete(key)
    if (groups.get(resource)?.size === 0) groups.delete(resource)
  }
  return {
    get seen() {
      return seen
    },
    subscribe: (selection, wantsBookmarks) => {
      const group = groupOf(selection, () => new WatchGroup(selection))
      const watcher = group.join(closed)
      if (wantsBookmarks) bookmarks.add(watcher)
      return subscriptionOf({ group, watcher, since: seen }, () => leave(selection, group, watcher))
    },
    publish: (changes, through) => {
      const told = new Set<WatchGroup>()
      for (const change of changes) {
        const departed = once(() => departedText(change))
        for (const group of groups.get(change.row.resource)?.values() ?? [])
          if (group.tell(change, departed, fellBehind)) told.add(group)
      }
      seen = through
      for (const group of told) waker.wake(group.watchers)
    },
    reset: (version) => {
      seen = version
      endAll(fellBehind)
    },
    [Symbol.dispose]: () => {
      closed = new ApiError('ServiceUnavailable', 'The hub is shutting down: connect again.')
      bookmarks[Symbol.dispose]()
      endAll(() => closed!)
    },
  }
}

function once(make: () => KeptText): () => KeptText {
  let made: KeptText | undefined
  return () => (made ??= make())
}

function subscriptionOf(
  { group, watcher, since }: { group: WatchGroup; watcher: Watcher; since: number },
  close: () => void,
): Subscription {
  return {
    since,
    take: () => {
      if (watcher.error !== undefined) throw watcher.error
      return group.take(watcher)
    },
    isBookmarkDue: () => {
      const isDue = watcher.isBookmarkDue
      watcher.isBookmarkDue = false
      return isDue
    },
    wait: () =>
      group.hasNews(watcher) || watcher.error !== undefined || watcher.isBookmarkDue
        ? Promise.resolve()
        : new Promise((resolve) => {
            watcher.wake = resolve
          }),
    wake: () => wakeOne(watcher),
    [Symbol.dispose]: close,
  }
}

function wakeOne(watcher: Watcher): void {
  const { wake } = watcher
  watcher.wake = undefined
  wake?.()
}

type Waker = { wake(watchers: Iterable<Watcher>): void }

/**
 * Wakes the first at once and the others a few at a time, so that requests are answered between a
 * thousand watchers; what changes meanwhile goes along with what they are told.
 */
function createWaker(): Waker {
  let later: Watcher[] = []
  const wakeSome = (): void => {
    const now = later
    later = []
    wakeFirst(now)
  }
  const wakeFirst = (watchers: Iterable<Watcher>): void => {
    const wasIdle = later.length === 0
    let woken = 0
    for (const watcher of watchers) {
      if (watcher.wake === undefined) continue
      if (wasIdle && woken < watchersWokenMax) wakeOne(watcher)
      else later.push(watcher)
      woken += 1
    }
    if (wasIdle && later.length > 0) setImmediate(wakeSome)
  }
  return { wake: wakeFirst }
}

type Bookmarks = Disposable & { add(watcher: Watcher): void; remove(watcher: Watcher): void }

/** One timer for all who want bookmarks, and none when nobody does. */
function createBookmarks(clock: Clock, waker: Waker): Bookmarks {
  const watchers = new Set<Watcher>()
  let stop: AbortController | undefined
  const tick = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(bookmarkIntervalMs, signal)
      for (const watcher of watchers) watcher.isBookmarkDue = true
      waker.wake(watchers)
    }
  }
  const end = (): void => {
    stop?.abort()
    stop = undefined
  }
  return {
    add: (watcher) => {
      watchers.add(watcher)
      if (stop !== undefined) return
      stop = new AbortController()
      tick(stop.signal).catch(() => {})
    },
    remove: (watcher) => {
      watchers.delete(watcher)
      if (watchers.size === 0) end()
    },
    [Symbol.dispose]: end,
  }
}
