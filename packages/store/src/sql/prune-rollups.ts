import type { Queryable } from './queryable.ts'

const sql = `delete from rollups where end_ms < $1`

export async function pruneRollups(db: Queryable, beforeMs: number): Promise<number> {
  const { rowCount } = await db.query(sql, [Math.floor(beforeMs)])
  return rowCount ?? 0
}
