import type { RowKey } from '../row-key.ts'
import type { Queryable } from './queryable.ts'

export const readRowsSql = `
  select objects.resource, objects.namespace, objects.name, objects.body
  from unnest($1::text[], $2::text[], $3::text[]) as wanted (resource, namespace, name)
  join objects on objects.resource = wanted.resource collate "C"
    and objects.namespace = wanted.namespace collate "C"
    and objects.name = wanted.name collate "C"`

export async function readRows(
  db: Queryable,
  keys: readonly RowKey[],
): Promise<(RowKey & { readonly body: string })[]> {
  const { rows } = await db.query<RowKey & { body: string }>({
    name: 'read-rows',
    text: readRowsSql,
    values: [
      keys.map(({ resource }) => resource),
      keys.map(({ namespace }) => namespace),
      keys.map(({ name }) => name),
    ],
  })
  return rows
}
