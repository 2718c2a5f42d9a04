import type { Queryable } from './queryable.ts'

/** One statement is one snapshot, so the version is that of the list. */
export const listObjectsSql = `
  select counter.version, objects.body
  from counter left join objects
    on resource = $1
    and ($2::text is null or namespace = $2)
    and ($3::text is null or name = $3)
    and ($4::jsonb is null or labels @> $4)
  order by namespace, name`

export type ListQuery = {
  readonly resource: string
  readonly namespace: string | undefined
  readonly name: string | undefined
  /** Labels that must be there with these values. */
  readonly labels: Readonly<Record<string, string>> | undefined
}

export async function listObjects(
  db: Queryable,
  query: ListQuery,
): Promise<{ version: number; bodies: string[] }> {
  const labels = query.labels === undefined ? undefined : JSON.stringify(query.labels)
  const { rows } = await db.query<{ version: string; body: string | null }>(listObjectsSql, [
    query.resource,
    query.namespace,
    query.name,
    labels,
  ])
  const bodies = rows.flatMap(({ body }) => (body === null ? [] : [body]))
  return { version: Number(rows[0]!.version), bodies }
}
