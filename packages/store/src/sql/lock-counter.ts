import type { Queryable } from './queryable.ts'

const sql = `select version from counter for update`

/** Waits for its turn among all writers and answers the newest version. */
export async function lockCounter(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ version: string }>(sql)
  return Number(rows[0]!.version)
}
