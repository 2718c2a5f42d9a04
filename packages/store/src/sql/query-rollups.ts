import type { Rollup } from '@skerry/api/metrics'
import type { RollupQuery } from '../hub-store.ts'
import type { Queryable } from './queryable.ts'

export const queryRollupsSql = `
  select namespace, site, model, version, digest, start_ms, end_ms,
    requests, errors, judged, correct, latency_ms, confidence, classes
  from rollups
  where namespace = $1
    and end_ms > $2
    and ($3::bigint is null or start_ms < $3)
    and ($4::text[] is null or site = any($4))
    and ($5::text is null or model = $5)
    and ($6::text is null or digest = $6)
  order by start_ms, site, model
  limit $7`

type RollupRow = {
  [
    Column in
      | 'namespace'
      | 'site'
      | 'model'
      | 'version'
      | 'digest'
      | 'start_ms'
      | 'end_ms'
      | 'requests'
      | 'errors'
      | 'judged'
      | 'correct'
      | 'latency_ms'
      | 'confidence'
      | 'classes'
  ]: string
}

export async function queryRollups(
  db: Queryable,
  query: RollupQuery,
  limit: number,
): Promise<Rollup[]> {
  const { rows } = await db.query<RollupRow>(queryRollupsSql, [
    query.namespace,
    Math.floor(query.sinceMs),
    query.untilMs === undefined ? undefined : Math.ceil(query.untilMs),
    query.sites,
    query.model,
    query.digest,
    limit,
  ])
  return rows.map((row) => ({
    namespace: row.namespace,
    site: row.site,
    model: row.model,
    version: row.version,
    digest: row.digest,
    startMs: Number(row.start_ms),
    endMs: Number(row.end_ms),
    requests: Number(row.requests),
    errors: Number(row.errors),
    judged: Number(row.judged),
    correct: Number(row.correct),
    latencyMs: JSON.parse(row.latency_ms) as Rollup['latencyMs'],
    confidence: JSON.parse(row.confidence) as Rollup['confidence'],
    classes: JSON.parse(row.classes) as Rollup['classes'],
  }))
}
