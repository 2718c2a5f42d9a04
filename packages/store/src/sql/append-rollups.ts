import type { RollupBatch } from '../hub-store.ts'
import type { Queryable } from './queryable.ts'

const sql = `
  insert into rollups (
    site_uid, boot_id, sequence, namespace, site, model, version, digest,
    start_ms, end_ms, requests, errors, judged, correct, latency_ms, confidence, classes
  )
  select $1, $2, * from unnest(
    $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[],
    $15::text[], $16::text[], $17::text[]
  )
  on conflict do nothing`

export async function appendRollups(db: Queryable, batch: RollupBatch): Promise<void> {
  const { rollups } = batch
  await db.query(sql, [
    batch.siteUid,
    batch.bootId,
    rollups.map(({ sequence }) => sequence),
    rollups.map(({ namespace }) => namespace),
    rollups.map(({ site }) => site),
    rollups.map(({ model }) => model),
    rollups.map(({ version }) => version),
    rollups.map(({ digest }) => digest),
    rollups.map(({ startMs }) => startMs),
    rollups.map(({ endMs }) => endMs),
    rollups.map(({ requests }) => requests),
    rollups.map(({ errors }) => errors),
    rollups.map(({ judged }) => judged),
    rollups.map(({ correct }) => correct),
    rollups.map(({ latencyMs }) => JSON.stringify(latencyMs)),
    rollups.map(({ confidence }) => JSON.stringify(confidence)),
    rollups.map(({ classes }) => JSON.stringify(classes)),
  ])
}
