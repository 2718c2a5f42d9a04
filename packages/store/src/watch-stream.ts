import { type AnyKind, resourceName } from '@skerry/api/kind'
import type { ListOptions, WatchEvent, WatchOptions } from '@skerry/api/state'
import { badRequest, gone } from '@skerry/api/status'
import type { TextEvent } from '@skerry/api/text-state'
import type { KeptText } from './kept-text.ts'
import type { Ledger } from './ledger.ts'
import { listTexts } from './list-texts.ts'
import { createShown, keptKindOf } from './shown-text.ts'
import { type ChangeEvent, type Selection, WatchGroup, departedText } from './watch-group.ts'
import type { Subscription, WatchHub } from './watch-hub.ts'

export type WatchSource = { readonly ledger: Ledger; readonly watchHub: WatchHub }

/**
 * The events of one watch. It subscribes first and reads what was before afterwards, so that nothing
 * falls between the two; what comes twice is told apart by its version.
 */
export async function* watchTexts(
  { ledger, watchHub }: WatchSource,
  kind: AnyKind,
  options: WatchOptions,
): AsyncGenerator<readonly TextEvent[]> {
  const since = startVersion(options.resourceVersion)
  const selection = selectionOf(kind, options)
  using subscription = watchHub.subscribe(selection, options.bookmarks === true)
  using _ = onAbort(options.signal, () => subscription.wake())
  let position: number
  if (since === undefined) {
    const page = await listTexts(ledger, kind, optionsOf(options))
    for await (const items of page.slices) {
      if (options.signal.aborted) return
      yield items.map((item) => ({ type: 'ADDED', item }))
    }
    position = Number(page.resourceVersion)
    if (options.bookmarks) yield [bookmark(position, true)]
  } else {
    if (since > subscription.since) await assertReached(ledger, since)
    if (since < subscription.since)
      yield* missedEvents(ledger, selection, {
        after: since,
        through: subscription.since,
        signal: options.signal,
      })
    position = Math.max(since, subscription.since)
  }
  yield* liveEvents(watchHub, subscription, { signal: options.signal, position })
}

/** `State.watch`: the same with objects that each watcher has for itself. */
export async function* watchObjects(
  source: WatchSource,
  kind: AnyKind,
  options: WatchOptions,
): AsyncGenerator<WatchEvent> {
  for await (const events of watchTexts(source, kind, options))
    for (const event of events) {
      if (options.signal.aborted) return
      yield event.type === 'BOOKMARK'
        ? event
        : { type: event.type, object: (event.item as KeptText).fresh() }
    }
}

type Missed = { readonly after: number; readonly through: number; readonly signal: AbortSignal }

/** What was in the log before the subscription began. */
async function* missedEvents(
  ledger: Ledger,
  selection: Selection,
  { after, through, signal }: Missed,
): AsyncGenerator<readonly ChangeEvent[]> {
  const group = new WatchGroup(selection)
  const watcher = group.join(undefined)
  for await (const change of ledger.changes({ resource: selection.resource, after, through })) {
    if (signal.aborted) return
    if (
      group.tell(
        change,
        () => departedText(change),
        () => gone(''),
      )
    )
      yield group.take(watcher)
  }
}

async function* liveEvents(
  watchHub: WatchHub,
  subscription: Subscription,
  { signal, position: start }: { readonly signal: AbortSignal; readonly position: number },
): AsyncGenerator<readonly TextEvent[]> {
  let position = start
  while (!signal.aborted) {
    const events = subscription.take()
    // All that the process has seen has been told when these have.
    const { seen } = watchHub
    const news = (events[0]?.version ?? position + 1) > position ? events : after(events, position)
    if (news.length > 0) yield news
    position = Math.max(position, seen)
    if (signal.aborted) return
    if (subscription.isBookmarkDue()) yield [bookmark(position)]
    await subscription.wait()
  }
}

const after = (events: readonly ChangeEvent[], position: number) =>
  events.filter(({ version }) => version > position)

function onAbort(signal: AbortSignal, listener: () => void): Disposable {
  signal.addEventListener('abort', listener)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', listener) }
}

function bookmark(version: number, isInitialEnd?: boolean): TextEvent {
  const resourceVersion = String(version)
  return { type: 'BOOKMARK', resourceVersion, ...(isInitialEnd ? { isInitialEnd } : {}) }
}

const optionsOf = ({ namespace, labelSelector, fieldSelector, where }: ListOptions) => ({
  namespace,
  labelSelector,
  fieldSelector,
  where,
})

const numbers = new WeakMap<object, number>()
let lastNumber = 0

/** A number for a thing that is told from others by being another. */
function numberOf(thing: object): number {
  const known = numbers.get(thing)
  if (known !== undefined) return known
  lastNumber += 1
  numbers.set(thing, lastNumber)
  return lastNumber
}

function selectionOf(kind: AnyKind, options: ListOptions): Selection {
  const { namespace, labelSelector, fieldSelector, where } = options
  const whose = where === undefined ? 0 : numberOf(where)
  return {
    key: JSON.stringify([numberOf(kind), namespace, labelSelector, fieldSelector, whose]),
    resource: resourceName(keptKindOf(kind)),
    options: optionsOf(options),
    show: createShown(kind),
  }
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
