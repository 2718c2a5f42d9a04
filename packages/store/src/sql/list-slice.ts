import type { LabelSelector } from '@skerry/api/selector'
import type { Place } from '../ledger.ts'
import { countedRowsMax } from '../limits.ts'
import { type Bind, labelConditions } from './label-conditions.ts'
import type { Queryable } from './queryable.ts'

export type ListSliceQuery = {
  readonly resource: string
  readonly namespace?: string | undefined
  readonly name?: string | undefined
  readonly labels?: LabelSelector | undefined
  readonly after?: Place | undefined
  /** The rows as they were at this version; absent: as they are. */
  readonly at?: number | undefined
  readonly limit: number
  readonly isCounted?: boolean | undefined
}

export type SliceRow = Place & {
  readonly body: string
  /** Whether it is what was there before a later change; it need not match the labels. */
  readonly isPast: boolean
}

export type ListSlice = {
  readonly version: number
  readonly horizon: number
  readonly total: number | undefined
  /** Those of the table and those of the log apart, each in order and at most `limit`. */
  readonly rows: readonly SliceRow[]
}

/**
 * The next rows of a list. One statement is one snapshot, so the version is that of the rows. What has
 * changed since a version is put back from the log: there stands what was before.
 */
export function listSliceStatement(query: ListSliceQuery): { text: string; values: unknown[] } {
  const values: unknown[] = []
  const bind: Bind = (value) => `$${values.push(value)}`
  const { labels = [], at, limit, isCounted } = query
  const here = placeConditions(query, bind)
  const present = [
    ...here,
    ...labelConditions(labels, bind),
    ...(at === undefined ? [] : [`resource_version <= ${bind(at)}`]),
  ]
  const rows = `
    (select namespace, name, body, false as is_past from objects
    where ${present.join(' and ')}
    order by namespace, name limit ${bind(limit)})`
  const past = at === undefined ? '' : `union all ${pastRows(here, at, { limit, bind })}`
  // Limited and in order, so that it is the index which is counted.
  const counted = `select 1 from objects where ${here.join(' and ')} order by namespace, name limit ${countedRowsMax}`
  const total = isCounted ? `(select count(*) from (${counted}) as counted)` : 'null'
  const text = `
    select counter.version, hub.horizon, ${total} as total, row.*
    from counter cross join hub left join lateral (${rows} ${past}) as row on true`
  return { text, values }
}

function pastRows(
  here: readonly string[],
  at: number,
  { limit, bind }: { readonly limit: number; readonly bind: Bind },
): string {
  return `
    (select namespace, name, before, true from (
      select distinct on (namespace, name) namespace, name, before from changes
      where ${here.join(' and ')} and version > ${bind(at)}
      order by namespace, name, version
    ) as first_change
    where before is not null
    order by namespace, name limit ${bind(limit)})`
}

function placeConditions(
  { resource, namespace, name, after }: ListSliceQuery,
  bind: Bind,
): string[] {
  const conditions = [`resource = ${bind(resource)}`]
  if (namespace !== undefined) conditions.push(`namespace = ${bind(namespace)}`)
  if (name !== undefined) conditions.push(`name = ${bind(name)}`)
  if (after !== undefined)
    conditions.push(
      namespace === undefined
        ? `(namespace, name) > (${bind(after.namespace)}, ${bind(after.name)})`
        : `name > ${bind(after.name)}`,
    )
  return conditions
}

type Row = {
  version: string
  horizon: string
  total: string | null
  namespace: string
  name: string
  body: string | null
  is_past: boolean
}

export async function listSlice(db: Queryable, query: ListSliceQuery): Promise<ListSlice> {
  const { text, values } = listSliceStatement(query)
  const { rows } = await db.query<Row>(text, values)
  const first = rows[0]!
  return {
    version: Number(first.version),
    horizon: Number(first.horizon),
    total: first.total === null ? undefined : Number(first.total),
    rows: rows.flatMap(({ namespace, name, body, is_past: isPast }) =>
      body === null ? [] : [{ namespace, name, body, isPast }],
    ),
  }
}
