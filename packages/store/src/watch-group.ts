import type { ListOptions } from '@skerry/api/state'
import type { ApiError } from '@skerry/api/status'
import type { TextEvent } from '@skerry/api/text-state'
import { KeptText } from './kept-text.ts'
import type { Change } from './ledger.ts'
import { watchBufferChangesMax, watchBufferCharactersMax } from './limits.ts'
import { matches } from './watch-filter.ts'

/** What some watchers want to hear of. Those with an equal key want the same. */
export type Selection = {
  readonly key: string
  /** Of which kind, as it is kept. */
  readonly resource: string
  readonly options: ListOptions
  /** What is kept, as it is shown to them. */
  readonly show: (kept: KeptText) => KeptText
}

/** Something that changed, as a watcher is told. */
export type ChangeEvent = Exclude<TextEvent, { type: 'BOOKMARK' }> & {
  readonly version: number
  readonly item: KeptText
}

export type Watcher = {
  /** How many events of its group it has taken or does not want, counted from the first. */
  position: number
  error: ApiError | undefined
  isBookmarkDue: boolean
  /** Present while it waits. */
  wake: (() => void) | undefined
}

/**
 * Watchers that want the same share what waits for them: an event is matched and kept once, and those
 * that are equally far are given the very same list, so that it is written out once as well.
 */
export class WatchGroup {
  readonly watchers = new Set<Watcher>()
  readonly #selection: Selection
  /** What some watcher has not taken yet; the first of it has the number `#first`. */
  #events: ChangeEvent[] = []
  #first = 0
  #characters = 0
  readonly #slices = new Map<number, readonly ChangeEvent[]>()

  constructor(selection: Selection) {
    this.#selection = selection
  }

  join(error: ApiError | undefined): Watcher {
    const watcher = { position: this.#end, error, isBookmarkDue: false, wake: undefined }
    this.watchers.add(watcher)
    return watcher
  }

  leave(watcher: Watcher): void {
    this.watchers.delete(watcher)
    this.#trim()
  }

  /** Whether the watchers are told of the change. Those who are too far behind are cut off. */
  tell(change: Change, departed: () => KeptText, fellBehind: () => ApiError): boolean {
    const event = this.#eventOf(change, departed)
    if (event === undefined || this.watchers.size === 0) return false
    this.#slices.clear()
    this.#events.push(event)
    this.#characters += event.item.text.length
    while (this.#isOverfull()) this.#cutOffSlowest(fellBehind)
    return true
  }

  hasNews(watcher: Watcher): boolean {
    return watcher.position < this.#end
  }

  take(watcher: Watcher): readonly ChangeEvent[] {
    const from = watcher.position
    if (from === this.#end) return []
    const slice = this.#slices.get(from) ?? this.#events.slice(from - this.#first)
    this.#slices.set(from, slice)
    watcher.position = this.#end
    if (from === this.#first) this.#trim()
    return slice
  }

  get #end(): number {
    return this.#first + this.#events.length
  }

  /**
   * An object that comes to match is ADDED, one that no longer does is DELETED, as it last matched, with
   * the version of the change.
   */
  #eventOf(change: Change, departed: () => KeptText): ChangeEvent | undefined {
    const { show } = this.#selection
    const { before, after, version } = change
    const was = before !== undefined && this.#matches(show(before), change)
    const is = after !== undefined && this.#matches(show(after), change)
    if (is) return { type: was ? 'MODIFIED' : 'ADDED', item: show(after), version }
    return was ? { type: 'DELETED', item: show(departed()), version } : undefined
  }

  #matches(kept: KeptText, { row }: Change): boolean {
    return matches(kept, row, this.#selection.options)
  }

  #isOverfull(): boolean {
    return (
      this.#events.length > watchBufferChangesMax || this.#characters > watchBufferCharactersMax
    )
  }

  #cutOffSlowest(fellBehind: () => ApiError): void {
    for (const watcher of this.watchers)
      if (watcher.position === this.#first) {
        watcher.error ??= fellBehind()
        watcher.position = this.#end
      }
    this.#trim()
  }

  /** Forgets what all have taken. */
  #trim(): void {
    let least = this.#end
    for (const { position } of this.watchers) least = Math.min(least, position)
    if (least === this.#first) return
    this.#slices.clear()
    for (const { item } of this.#events.splice(0, least - this.#first))
      this.#characters -= item.text.length
    this.#first = least
  }
}

/** An object as it was, with the version of the change by which it went. */
export function departedText({ before, version }: Change): KeptText {
  const object = before!.object
  const metadata = { ...object.metadata, resourceVersion: String(version) }
  return new KeptText(JSON.stringify({ ...object, metadata }))
}
