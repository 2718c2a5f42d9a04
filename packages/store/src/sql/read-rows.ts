import type { RowKey } from '../row-key.ts'
import type { Queryable } from './queryable.ts'

/** A row that is at the version which the caller knows is not read out. */
export const readRowsSql = `
  select objects.resource, objects.namespace, objects.name, objects.resource_version as version,
    case when objects.resource_version is distinct from wanted.known then objects.body end as body
  from unnest($1::text[], $2::text[], $3::text[], $4::bigint[])
    as wanted (resource, namespace, name, known)
  join objects on objects.resource = wanted.resource collate "C"
    and objects.namespace = wanted.namespace collate "C"
    and objects.name = wanted.name collate "C"`

export type WantedRow = RowKey & {
  /** The version that the caller has the text of. */
  readonly known?: number | undefined
}

export type FoundRow = RowKey & {
  readonly version: number
  /** Null: it is at the version that the caller knows. */
  readonly body: string | null
}

export async function readRows(db: Queryable, wanted: readonly WantedRow[]): Promise<FoundRow[]> {
  const { rows } = await db.query<Omit<FoundRow, 'version'> & { version: string }>({
    name: 'read-rows',
    text: readRowsSql,
    values: [
      wanted.map(({ resource }) => resource),
      wanted.map(({ namespace }) => namespace),
      wanted.map(({ name }) => name),
      wanted.map(({ known }) => known),
    ],
  })
  return rows.map(({ version, ...row }) => ({ ...row, version: Number(version) }))
}
