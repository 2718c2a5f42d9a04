import type { Clock } from '@skerry/base/clock'
import { cloneJson } from '@skerry/base/json'
import type { WatchEvent, WatchOptions } from '@skerry/api/state'
import { badRequest, gone } from '@skerry/api/status'
import type { Change, Ledger } from './ledger.ts'
import { bookmarkIntervalMs } from './limits.ts'
import { eventOf, matches } from './watch-filter.ts'
import type { Subscription, WatchHub } from './watch-hub.ts'

export type WatchSource = {
  readonly ledger: Ledger
  readonly watchHub: WatchHub
  readonly clock: Clock
}

/**
 * The events of one watch. It subscribes first and reads what was before afterwards, so that nothing
 * falls between the two; what comes twice is told apart by its version.
 */
export async function* watchStream(
  source: WatchSource,
  resource: string,
  options: WatchOptions,
): AsyncGenerator<WatchEvent> {
  const { ledger, watchHub } = source
  const since = startVersion(options.resourceVersion)
  using subscription = watchHub.subscribe(resource)
  using _ = onAbort(options.signal, () => subscription.wake())
  let position: number
  if (since === undefined) {
    const listed = await ledger.list(resource, options)
    for (const object of listed.items)
      if (matches(object, options)) yield { type: 'ADDED', object: cloneJson(object) }
    position = listed.version
    if (options.bookmarks) yield bookmark(position, true)
  } else {
    position = since
    if (since > subscription.since) await assertReached(ledger, since)
    const range = { resource, after: since, through: subscription.since }
    if (since < subscription.since)
      for await (const change of ledger.changes(range)) {
        if (options.signal.aborted) return
        yield* eventsOf(change, options)
      }
    position = Math.max(since, subscription.since)
  }
  yield* liveEvents(source, subscription, { options, position })
}

async function* liveEvents(
  { watchHub, clock }: WatchSource,
  subscription: Subscription,
  { options, position: start }: { options: WatchOptions; position: number },
): AsyncGenerator<WatchEvent> {
  let position = start
  while (!options.signal.aborted) {
    for (const change of subscription.take()) {
      if (options.signal.aborted) return
      if (change.version <= position) continue
      position = change.version
      yield* eventsOf(change, options)
    }
    const isQuiet = await isQuietForBookmark(subscription, options, clock)
    if (!isQuiet) continue
    // Nothing waits in the buffer, so all that the process has seen has been told.
    position = Math.max(position, watchHub.seen)
    yield bookmark(position)
  }
}

function onAbort(signal: AbortSignal, listener: () => void): Disposable {
  signal.addEventListener('abort', listener)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) }
}

/** Whether a bookmark is due: nothing came for the length of an interval. */
async function isQuietForBookmark(
  subscription: Subscription,
  { signal, bookmarks }: WatchOptions,
  clock: Clock,
): Promise<boolean> {
  const changed = subscription.wait().then(() => false)
  if (!bookmarks) return changed
  const done = new AbortController()
  const tick = clock.sleep(bookmarkIntervalMs, done.signal).then(
    () => true,
    () => false,
  )
  const isQuiet = await Promise.race([changed, tick])
  done.abort()
  return isQuiet && !signal.aborted
}

function* eventsOf(change: Change, options: WatchOptions): Generator<WatchEvent> {
  const event = eventOf(change, options)
  // Each watcher gets objects of its own.
  if (event !== undefined) yield { type: event.type, object: cloneJson(event.object) }
}

function bookmark(version: number, isInitialEnd?: boolean): WatchEvent {
  const resourceVersion = String(version)
  return { type: 'BOOKMARK', resourceVersion, ...(isInitialEnd ? { isInitialEnd } : {}) }
}

/** Absent, empty and `0` begin with what is there, as in Kubernetes. */
function startVersion(text: string | undefined): number | undefined {
  if (text === undefined || text === '' || text === '0') return undefined
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(
      `resourceVersion ${JSON.stringify(text.slice(0, 40))} is not one of ours: take it from a list or an object.`,
    )
  return Number(text)
}

/** A version that another process has handed out is soon seen here; one that nobody has is from another life. */
async function assertReached(ledger: Ledger, since: number): Promise<void> {
  const newest = await ledger.version()
  if (since > newest)
    throw gone(
      `Version ${since} is newer than the newest, ${newest}: list again and watch from there.`,
    )
}
