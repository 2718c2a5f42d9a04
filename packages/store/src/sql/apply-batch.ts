import type { RowKey } from '../row-key.ts'
import { changesChannel } from './channels.ts'
import type { Queryable } from './queryable.ts'

const sql = `
  with stored as (
    insert into objects (resource, namespace, name, uid, resource_version, labels, body)
    select resource, namespace, name, uid, resource_version, labels::jsonb, body
    from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[])
      as put (resource, namespace, name, uid, resource_version, labels, body)
    on conflict (resource, namespace, name) do update set
      uid = excluded.uid,
      resource_version = excluded.resource_version,
      labels = excluded.labels,
      body = excluded.body
  ), removed as (
    delete from objects
    using unnest($8::text[], $9::text[], $10::text[]) as gone (resource, namespace, name)
    where objects.resource = gone.resource collate "C"
      and objects.namespace = gone.namespace collate "C"
      and objects.name = gone.name collate "C"
  ), logged as (
    insert into changes (version, resource, namespace, name, type, before, after, changed_at)
    select version, resource, namespace, name, type, before, after, $18
    from unnest($11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
      as change (version, resource, namespace, name, type, before, after)
  ), told as (
    select pg_notify('${changesChannel}', ($19::bigint)::text)
  )
  update counter set version = $19::bigint from told`

export type PutRow = RowKey & {
  readonly uid: string
  readonly version: number
  readonly labels: string
  readonly body: string
}

export type LoggedRow = RowKey & {
  readonly version: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'
  readonly before: string | undefined
  readonly after: string | undefined
}

export type BatchRows = {
  readonly put: readonly PutRow[]
  readonly removed: readonly RowKey[]
  readonly logged: readonly LoggedRow[]
  readonly version: number
  readonly nowMs: number
}

/** Everything that a batch changes, in one statement. */
export async function applyBatch(db: Queryable, batch: BatchRows): Promise<void> {
  const { put, removed, logged } = batch
  await db.query({
    name: 'apply-batch',
    text: sql,
    values: [
      ...keyColumns(put),
      put.map(({ uid }) => uid),
      put.map(({ version }) => version),
      put.map(({ labels }) => labels),
      put.map(({ body }) => body),
      ...keyColumns(removed),
      logged.map(({ version }) => version),
      ...keyColumns(logged),
      logged.map(({ type }) => type),
      logged.map(({ before }) => before),
      logged.map(({ after }) => after),
      new Date(batch.nowMs),
      batch.version,
    ],
  })
}

function keyColumns(rows: readonly RowKey[]): string[][] {
  return [
    rows.map(({ resource }) => resource),
    rows.map(({ namespace }) => namespace),
    rows.map(({ name }) => name),
  ]
}
