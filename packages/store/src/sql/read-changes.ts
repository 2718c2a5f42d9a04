import type { RowKey } from '../row-key.ts'
import type { Queryable } from './queryable.ts'

/** One statement is one snapshot: what the horizon spares is there. */
export const readChangesSql = `
  select hub.horizon, change.*
  from hub left join lateral (
    select version, resource, namespace, name, before, after
    from changes
    where version > $1 and version <= $2
    order by version limit $3
  ) as change on true
  order by change.version`

export const readResourceChangesSql = readChangesSql.replace('where', 'where resource = $4 and')

export type ChangeRow = RowKey & {
  readonly version: number
  readonly before: string | null
  readonly after: string | null
}

export type ChangeQuery = {
  readonly after: number
  readonly through: number
  readonly limit: number
  /** Absent: of all. */
  readonly resource?: string
}

export async function readChanges(
  db: Queryable,
  { after, through, limit, resource }: ChangeQuery,
): Promise<{ horizon: number; changes: ChangeRow[] }> {
  const { rows } = await db.query<
    Omit<ChangeRow, 'version'> & { horizon: string; version: string | null }
  >(
    resource === undefined ? readChangesSql : readResourceChangesSql,
    resource === undefined ? [after, through, limit] : [after, through, limit, resource],
  )
  const changes = rows.flatMap(({ version, ...row }) =>
    version === null ? [] : [{ ...row, version: Number(version) }],
  )
  return { horizon: Number(rows[0]!.horizon), changes }
}
