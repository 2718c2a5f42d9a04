import type { StoredSpec } from '../hub-store.ts'
import { specsChannel } from './channels.ts'
import type { Queryable } from './queryable.ts'

const sql = `
  with put as (
    insert into specs (site_uid, namespace, site, epoch, revision, content_digest, envelope, blobs)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (site_uid) do update set
      namespace = excluded.namespace,
      site = excluded.site,
      epoch = excluded.epoch,
      revision = excluded.revision,
      content_digest = excluded.content_digest,
      envelope = excluded.envelope,
      blobs = excluded.blobs
    where (specs.epoch, specs.revision) < (excluded.epoch, excluded.revision)
    returning site_uid
  )
  select pg_notify('${specsChannel}', site_uid) from put`

/** Whether it was newer than what was there. */
export async function putSpec(db: Queryable, spec: StoredSpec): Promise<boolean> {
  const { rowCount } = await db.query(sql, [
    spec.siteUid,
    spec.namespace,
    spec.site,
    spec.epoch,
    spec.revision,
    spec.contentDigest,
    spec.envelope,
    spec.blobs,
  ])
  return rowCount === 1
}
