import type { StoredSpec } from '../hub-store.ts'
import type { Queryable } from './queryable.ts'

const sql = `
  select site_uid, namespace, site, epoch, revision, content_digest, envelope, blobs
  from specs where site_uid = $1`

type SpecRow = {
  site_uid: string
  namespace: string
  site: string
  epoch: number
  revision: string
  content_digest: string
  envelope: string
  blobs: string[]
}

export async function getSpec(db: Queryable, siteUid: string): Promise<StoredSpec | undefined> {
  const { rows } = await db.query<SpecRow>(sql, [siteUid])
  const row = rows[0]
  return (
    row && {
      siteUid: row.site_uid,
      namespace: row.namespace,
      site: row.site,
      epoch: row.epoch,
      revision: Number(row.revision),
      contentDigest: row.content_digest,
      envelope: row.envelope,
      blobs: row.blobs,
    }
  )
}
