import type { Finding } from './finding.ts'
import { type Located, type LocatedEntry, kindText, plainValue } from './located.ts'

/**
 * Two values of one key as Kairos merges them: maps deeply, lists of maps one after the other, other lists
 * without doubles, the later of two scalars, and nothing (`null`) empties what was there. Of two different
 * sorts the later wins, and that is said.
 */
export function mergeLocated(
  earlier: Located,
  later: Located,
  say: (finding: Finding) => void,
): Located {
  if (later.kind === 'scalar' && later.value === null) return emptied(earlier, later)
  if (earlier.kind === 'scalar' && earlier.value === null) return later
  if (earlier.kind !== later.kind) {
    say({
      severity: 'warning',
      code: 'Suspicious',
      at: later.at,
      path: '',
      message: `${kindText(later)} takes the place of ${kindText(earlier)} of ${earlier.at.file}:${earlier.at.line}`,
      advice: 'write it the same way in both files',
    })
    return later
  }
  if (earlier.kind === 'map' && later.kind === 'map') {
    const entries = new Map<string, LocatedEntry>(earlier.entries)
    for (const [name, entry] of later.entries) {
      const before = earlier.entries.get(name)
      entries.set(
        name,
        before === undefined
          ? entry
          : { keyAt: entry.keyAt, value: mergeLocated(before.value, entry.value, say) },
      )
    }
    return { kind: 'map', at: later.at, entries }
  }
  if (earlier.kind === 'list' && later.kind === 'list')
    return { kind: 'list', at: later.at, items: mergedItems(earlier.items, later.items) }
  return later
}

function mergedItems(earlier: readonly Located[], later: readonly Located[]): readonly Located[] {
  if (earlier[0]?.kind === 'map') return [...earlier, ...later]
  const written = (item: Located) => JSON.stringify(plainValue(item))
  const known = new Set(earlier.map(written))
  return [...earlier, ...later.filter((item) => !known.has(written(item)))]
}

function emptied(earlier: Located, later: Located): Located {
  if (earlier.kind === 'map') return { kind: 'map', at: later.at, entries: new Map() }
  return earlier.kind === 'list' ? { kind: 'list', at: later.at, items: [] } : later
}
