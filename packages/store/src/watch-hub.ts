import { ApiError, gone } from '@skerry/api/status'
import type { Change } from './ledger.ts'
import { watchBufferChangesMax } from './limits.ts'

/** One watcher's place in the stream of changes. */
export type Subscription = Disposable & {
  /** Every change of the resource after this version comes through `take`. */
  readonly since: number
  /** What has come since the last call, in order. Throws when the watcher was cut off. */
  take(): readonly Change[]
  /** Resolves when there is something to take, or `wake` was called. */
  wait(): Promise<void>
  wake(): void
}

/** Gives the changes of a store, in the order of versions, to all watchers of a process. */
export type WatchHub = Disposable & {
  /** The newest version that was given out. */
  readonly seen: number
  subscribe(resource: string): Subscription
  /** `through` is at least the version of the last change. */
  publish(changes: readonly Change[], through: number): void
  /** Changes were missed: every watcher has to list again; the stream goes on after `seen`. */
  reset(seen: number): void
}

type Watcher = { buffer: Change[]; error: ApiError | undefined; wake: () => void }

const fellBehind = () =>
  gone('The watch fell behind the changes: list again and watch from that version.')

export function createWatchHub(startVersion: number): WatchHub {
  const watchers = new Map<string, Set<Watcher>>()
  let seen = startVersion
  let closed: ApiError | undefined

  const end = (watcher: Watcher, error: ApiError): void => {
    watcher.error ??= error
    watcher.buffer = []
    watcher.wake()
  }
  const endAll = (error: () => ApiError): void => {
    for (const group of watchers.values()) for (const watcher of group) end(watcher, error())
  }
  const deliver = (change: Change): void => {
    for (const watcher of watchers.get(change.row.resource) ?? []) {
      if (watcher.error !== undefined) continue
      if (watcher.buffer.length >= watchBufferChangesMax) end(watcher, fellBehind())
      else watcher.buffer.push(change)
      watcher.wake()
    }
  }
  return {
    get seen() {
      return seen
    },
    subscribe: (resource) => {
      const watcher: Watcher = { buffer: [], error: closed, wake: () => {} }
      const group = watchers.get(resource) ?? new Set()
      watchers.set(resource, group.add(watcher))
      return subscriptionOf(watcher, seen, () => {
        group.delete(watcher)
        if (group.size === 0 && watchers.get(resource) === group) watchers.delete(resource)
      })
    },
    publish: (changes, through) => {
      for (const change of changes) deliver(change)
      seen = through
    },
    reset: (version) => {
      seen = version
      endAll(fellBehind)
    },
    [Symbol.dispose]: () => {
      closed = new ApiError('ServiceUnavailable', 'The hub is shutting down: connect again.')
      endAll(() => closed!)
    },
  }
}

function subscriptionOf(watcher: Watcher, since: number, close: () => void): Subscription {
  return {
    since,
    take: () => {
      if (watcher.error !== undefined) throw watcher.error
      const taken = watcher.buffer
      watcher.buffer = []
      return taken
    },
    wait: () =>
      watcher.buffer.length > 0 || watcher.error !== undefined
        ? Promise.resolve()
        : new Promise((resolve) => {
            watcher.wake = resolve
          }),
    wake: () => watcher.wake(),
    [Symbol.dispose]: close,
  }
}
