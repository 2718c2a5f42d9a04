import { decideBatch, namespaceRow } from './decide-batch.ts'
import { expired } from './expired.ts'
import type { KeptText } from './kept-text.ts'
import type { Change, ChangeRange, Ledger, SliceQuery, Write } from './ledger.ts'
import { memoryChangesMax, sliceItemsMax } from './limits.ts'
import { byPlace } from './postgres-slices.ts'
import { type RowKey, rowKeyText } from './row-key.ts'
import { matches } from './watch-filter.ts'
import type { WatchHub } from './watch-hub.ts'

/**
 * A ledger in memory. JavaScript runs one thing at a time, so a write that never waits holds the lock.
 * Stored objects are never changed.
 */
export type MemoryLedger = Ledger & { writeNow(write: Write): KeptText }

type MemoryRow = { readonly place: RowKey; readonly kept: KeptText }
type Rows = Map<string, MemoryRow>

export function createMemoryLedger(
  watchHub: WatchHub,
  changesMax: number = memoryChangesMax,
): MemoryLedger {
  const resources = new Map<string, Rows>()
  const log: Change[] = []
  let version = watchHub.seen
  let horizon = version

  const apply = (change: Change): void => {
    const { row, after } = change
    const rows = resources.get(row.resource) ?? new Map<string, MemoryRow>()
    resources.set(row.resource, rows)
    if (after === undefined) rows.delete(rowKeyText(row))
    else rows.set(rowKeyText(row), { place: row, kept: after })
    log.push(change)
    version = change.version
    // Cut in large steps, so that keeping the log short costs little for each write.
    if (log.length > changesMax * 1.25)
      horizon = log.splice(0, log.length - changesMax).at(-1)!.version
  }
  const writeNow = (write: Write): KeptText => {
    const rows = new Map<string, KeptText>()
    const wanted =
      write.within === undefined ? [write.row] : [write.row, namespaceRow(write.within)]
    for (const row of wanted) {
      const found = resources.get(row.resource)?.get(rowKeyText(row))
      if (found !== undefined) rows.set(rowKeyText(row), found.kept)
    }
    const { outcomes, changes } = decideBatch([write], rows, version)
    for (const change of changes) apply(change)
    watchHub.publish(changes, version)
    const outcome = outcomes[0]!
    if (!outcome.ok) throw outcome.error
    return outcome.kept
  }
  const rowsAt = (resource: string, at: number): Rows => {
    if (at < horizon) throw expired(at, horizon)
    const rows: Rows = new Map(resources.get(resource))
    putBack(
      rows,
      log.filter((change) => change.version > at && change.row.resource === resource),
    )
    return rows
  }
  return {
    writeNow,
    write: async (write) => writeNow(write),
    get: async (row) => resources.get(row.resource)?.get(rowKeyText(row))?.kept,
    slices: async function* ({ resource, options, at = version, after, items }: SliceQuery) {
      const rows = [...rowsAt(resource, at).values()]
        .filter(({ place, kept }) => matches(kept, place, options))
        .toSorted((left, right) => byPlace(left.place, right.place))
        .map((row) => ({ ...row, isLabelled: true }))
      const rest =
        after === undefined ? rows : rows.filter(({ place }) => byPlace(place, after) > 0)
      const size = Math.min(items ?? sliceItemsMax, sliceItemsMax)
      for (let start = 0; start === 0 || start < rest.length; start += size)
        yield { version: at, items: rest.slice(start, start + size), total: rest.length }
    },
    changes: async function* ({ resource, after, through }: ChangeRange) {
      if (after < horizon) throw expired(after, horizon)
      yield* log.filter(
        ({ row, version: changed }) =>
          row.resource === resource && changed > after && changed <= through,
      )
    },
    version: async () => version,
  }
}

/** Makes rows as they were before the changes. */
function putBack(rows: Rows, changes: readonly Change[]): void {
  for (const { row, before } of changes.toReversed())
    if (before === undefined) rows.delete(rowKeyText(row))
    else rows.set(rowKeyText(row), { place: row, kept: before })
}
