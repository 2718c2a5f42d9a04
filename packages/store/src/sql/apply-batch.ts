import type { RowKey } from '../row-key.ts'
import { changesChannel } from './channels.ts'
import type { Queryable } from './queryable.ts'

/**
 * The log says what was before and what is after each change. Mostly that is what the table held and what
 * is put there now, and need not be sent again: all parts of a statement see the table as it was.
 */
export const applyBatchSql = `
  with put as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::text[])
      as put (resource, namespace, name, uid, resource_version, labels, body)
  ), stored as (
    insert into objects (resource, namespace, name, uid, resource_version, labels, body)
    select resource, namespace, name, uid, resource_version, labels::jsonb, body from put
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
    select change.version, change.resource, change.namespace, change.name, change.type,
      case when change.type <> 'ADDED' then coalesce(change.before, objects.body) end,
      case when change.type <> 'DELETED' then coalesce(change.after, put.body) end,
      $18
    from unnest($11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[])
      as change (version, resource, namespace, name, type, before, after)
    left join objects on objects.resource = change.resource collate "C"
      and objects.namespace = change.namespace collate "C"
      and objects.name = change.name collate "C"
    left join put on put.resource_version = change.version
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
  /** Absent: what the table held, if it held anything. */
  readonly before: string | undefined
  /** Absent: what is put there with this version, if anything is. */
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
    text: applyBatchSql,
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
