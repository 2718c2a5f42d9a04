import type { Queryable } from './queryable.ts'

const sql = `select version from counter`

export async function readVersion(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ version: string }>(sql)
  return Number(rows[0]!.version)
}
