import type { Queryable } from './queryable.ts'

const sql = `
  with jumped as (
    update counter set version = version + $1 returning version
  )
  update hub set epoch = epoch + 1, horizon = jumped.version from jumped
  returning epoch`

/** A new epoch, in which every version is above all that the old one can have handed out. */
export async function raiseEpoch(db: Queryable, versionJump: number): Promise<number> {
  const { rows } = await db.query<{ epoch: number }>(sql, [versionJump])
  return rows[0]!.epoch
}
