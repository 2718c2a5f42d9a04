import type { RowKey } from '../row-key.ts'
import type { Queryable } from './queryable.ts'

const sql = `select body from objects where resource = $1 and namespace = $2 and name = $3`

export async function getObject(db: Queryable, key: RowKey): Promise<string | undefined> {
  const { rows } = await db.query<{ body: string }>(sql, [key.resource, key.namespace, key.name])
  return rows[0]?.body
}
