import type { Queryable } from './queryable.ts'

/** The horizon rises with what is removed, so no reader can take a gap for silence. */
export const compactChangesSql = `
  with last as (
    select max(version) as version from (
      select version from changes
      where version <= (select version from counter) - $1
      order by version limit $2
    ) as slice
  ), risen as (
    update hub set horizon = greatest(hub.horizon, last.version)
    from last where last.version is not null
  )
  delete from changes using last where changes.version <= last.version`

/** Removes up to `limit` changes beyond the newest `kept`. Returns how many. */
export async function compactChanges(db: Queryable, kept: number, limit: number): Promise<number> {
  const { rowCount } = await db.query(compactChangesSql, [kept, limit])
  return rowCount ?? 0
}
