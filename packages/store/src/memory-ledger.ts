import { cloneJson } from '@skerry/base/json'
import type { StoredObject } from '@skerry/api/object'
import { gone } from '@skerry/api/status'
import { decideBatch, namespaceRow } from './decide-batch.ts'
import type { Change, ChangeRange, Ledger, Write } from './ledger.ts'
import { memoryChangesMax } from './limits.ts'
import { rowKeyText } from './row-key.ts'
import { matches } from './watch-filter.ts'
import type { WatchHub } from './watch-hub.ts'

/**
 * A ledger in memory. JavaScript runs one thing at a time, so a write that never waits holds the lock.
 * Stored objects are never changed, and never handed out themselves.
 */
export type MemoryLedger = Ledger & { writeNow(write: Write): StoredObject }

export function createMemoryLedger(
  watchHub: WatchHub,
  changesMax: number = memoryChangesMax,
): MemoryLedger {
  const resources = new Map<string, Map<string, StoredObject>>()
  const log: Change[] = []
  let version = watchHub.seen
  let horizon = version

  const rowsOf = (resource: string): Map<string, StoredObject> => {
    const found = resources.get(resource) ?? new Map<string, StoredObject>()
    if (!resources.has(resource)) resources.set(resource, found)
    return found
  }
  const apply = (change: Change): void => {
    const rows = rowsOf(change.row.resource)
    if (change.after === undefined) rows.delete(rowKeyText(change.row))
    else rows.set(rowKeyText(change.row), change.after)
    log.push(change)
    version = change.version
    // Cut in large steps, so that keeping the log short costs little for each write.
    if (log.length > changesMax * 1.25)
      horizon = log.splice(0, log.length - changesMax).at(-1)!.version
  }
  const writeNow = (write: Write): StoredObject => {
    const rows = new Map<string, StoredObject>()
    const wanted =
      write.within === undefined ? [write.row] : [write.row, namespaceRow(write.within)]
    for (const row of wanted) {
      const found = resources.get(row.resource)?.get(rowKeyText(row))
      if (found !== undefined) rows.set(rowKeyText(row), found)
    }
    const { outcomes, changes } = decideBatch([write], rows, version)
    for (const change of changes) apply(change)
    watchHub.publish(changes, version)
    const outcome = outcomes[0]!
    if (!outcome.ok) throw outcome.error
    return outcome.object
  }
  return {
    writeNow,
    write: async (write) => writeNow(write),
    get: async (row) => cloneJson(resources.get(row.resource)?.get(rowKeyText(row))),
    list: async (resource, options) => {
      const items = [...(resources.get(resource)?.values() ?? [])]
        .filter((object) => matches(object, options))
        .toSorted(byNamespaceAndName)
        .map((object) => cloneJson(object))
      return { items, version }
    },
    changes: async function* ({ resource, after, through }: ChangeRange) {
      if (after < horizon)
        throw gone(`Changes up to ${horizon} are no longer kept: list again and watch from there.`)
      const wanted = log.filter(
        (change) =>
          change.row.resource === resource && change.version > after && change.version <= through,
      )
      yield* wanted
    },
    version: async () => version,
  }
}

function byNamespaceAndName(left: StoredObject, right: StoredObject): number {
  const [leftSpace = '', rightSpace = ''] = [left.metadata.namespace, right.metadata.namespace]
  if (leftSpace !== rightSpace) return leftSpace < rightSpace ? -1 : 1
  return left.metadata.name < right.metadata.name ? -1 : 1
}
