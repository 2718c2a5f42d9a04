import { specsChannel } from './channels.ts'
import type { Queryable } from './queryable.ts'

const sql = `
  with gone as (delete from specs where site_uid = $1 returning site_uid)
  select pg_notify('${specsChannel}', site_uid) from gone`

export async function deleteSpec(db: Queryable, siteUid: string): Promise<void> {
  await db.query(sql, [siteUid])
}
