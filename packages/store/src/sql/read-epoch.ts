import type { Queryable } from './queryable.ts'

const sql = `select epoch from hub`

export async function readEpoch(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ epoch: number }>(sql)
  return rows[0]!.epoch
}
