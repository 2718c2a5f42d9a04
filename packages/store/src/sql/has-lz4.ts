import type { Queryable } from './queryable.ts'

const sql = `
  select 'lz4' = any(enumvals) as has from pg_settings where name = 'default_toast_compression'`

/** Whether long texts can be compressed by lz4, which is several times faster than what PostgreSQL does otherwise. */
export async function hasLz4(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ has: boolean }>(sql)
  return rows[0]?.has === true
}
