import type { FieldSelector } from '@skerry/api/selector'
import type { Pool } from 'pg'
import type { BodyCodec } from './body-seal.ts'
import { asking } from './database-error.ts'
import { expired } from './expired.ts'
import type { Place, Slice, SliceQuery } from './ledger.ts'
import { sliceItemsMax } from './limits.ts'
import { isStorable } from './row-key.ts'
import { type ListSlice, type ListSliceQuery, type SliceRow, listSlice } from './sql/list-slice.ts'
import { readVersion } from './sql/read-version.ts'

/**
 * A list in slices, each a statement of its own, all of one version: nothing is held between them,
 * however slowly they are read. The next slice is on its way while one is being used.
 */
export async function* postgresSlices(
  pool: Pool,
  codec: BodyCodec,
  query: SliceQuery,
): AsyncGenerator<Slice> {
  const statement = statementOf(query)
  if (statement === undefined) {
    yield { version: query.at ?? (await asking(() => readVersion(pool))), items: [], total: 0 }
    return
  }
  const ask = (at: number | undefined, after: Place | undefined, isFirst: boolean) => {
    const next = { ...statement, at, after, isCounted: isFirst && query.isCounted }
    const asked = asking(() => listSlice(pool, next))
    // Whoever reads may have gone when it fails.
    asked.catch(() => {})
    return asked
  }
  let version = query.at
  let after = query.after
  let left = query.items ?? Number.POSITIVE_INFINITY
  let asked: Promise<ListSlice> | undefined = ask(version, after, true)
  for (;;) {
    asked ??= ask(version, after, false)
    const slice: ListSlice = await asked
    const isPinned = version !== undefined
    version ??= slice.version
    if (isPinned && version < slice.horizon) throw expired(version, slice.horizon)
    const { rows, last } = merged(slice.rows, statement.limit)
    after = last
    left -= rows.length
    // What a page does not need is not asked for, unless some of this does not match.
    asked = last === undefined || left <= 0 ? undefined : ask(version, last, false)
    yield {
      version,
      items: rows.map((row) => ({
        place: row,
        kept: codec.decode(row.body),
        isLabelled: !row.isPast,
      })),
      total: slice.total,
    }
    if (last === undefined) return
  }
}

/**
 * The rows in order, as far as they are complete: where the table or the log was cut, what comes after
 * the cut is asked for again. `last` is the place of the cut, if there was one.
 */
export function merged(
  rows: readonly SliceRow[],
  limit: number,
): { readonly rows: readonly SliceRow[]; readonly last: Place | undefined } {
  const past = rows.filter(({ isPast }) => isPast)
  const present = past.length === 0 ? rows : rows.filter(({ isPast }) => !isPast)
  const cuts = [present, past].flatMap((part) => (part.length < limit ? [] : [part.at(-1)!]))
  const [last] = cuts.toSorted(byPlace)
  if (past.length === 0) return { rows, last }
  const inOrder = rows.toSorted(byPlace)
  return {
    rows: last === undefined ? inOrder : inOrder.filter((row) => byPlace(row, last) <= 0),
    last,
  }
}

/** As the database orders them: by bytes, namespace first. */
export function byPlace(left: Place, right: Place): number {
  if (left.namespace !== right.namespace) return left.namespace < right.namespace ? -1 : 1
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0
}

/** Undefined when nothing that is stored can match. */
function statementOf({ resource, options, items, after }: SliceQuery): ListSliceQuery | undefined {
  const { fieldSelector, labelSelector } = options
  const name = exactField(fieldSelector, 'metadata.name')
  const namespace = options.namespace ?? exactField(fieldSelector, 'metadata.namespace')
  const labelTexts = (labelSelector ?? []).flatMap((requirement) => [
    requirement.key,
    ...('values' in requirement ? requirement.values : []),
  ])
  if (!isStorable(namespace, name, after?.namespace, after?.name, ...labelTexts)) return undefined
  const limit = Math.min(items ?? sliceItemsMax, sliceItemsMax)
  return { resource, namespace, name, labels: labelSelector, limit }
}

function exactField(selector: FieldSelector | undefined, path: string): string | undefined {
  return selector?.find((term) => term.path === path && term.operator === '=')?.value
}
