import type { Queryable } from '../sql/queryable.ts'

const columnsSql = `
  select class.relname as table, attribute.attname as name,
    format_type(attribute.atttypid, attribute.atttypmod) as type,
    attribute.attnotnull as is_required,
    pg_get_expr(preset.adbin, preset.adrelid) as preset,
    ordering.collname as ordering,
    array_to_string(class.reloptions, ', ') as options
  from pg_class as class
  join pg_attribute as attribute on attribute.attrelid = class.oid
    and attribute.attnum > 0 and not attribute.attisdropped
  left join pg_attrdef as preset on preset.adrelid = class.oid and preset.adnum = attribute.attnum
  left join pg_collation as ordering on ordering.oid = attribute.attcollation
    and ordering.collname <> 'default'
  where class.relnamespace = current_schema()::regnamespace and class.relkind = 'r'
  order by class.relname, attribute.attnum`

const constraintsSql = `
  select class.relname as table, constraint_of.conname as name,
    pg_get_constraintdef(constraint_of.oid) as definition
  from pg_constraint as constraint_of
  join pg_class as class on class.oid = constraint_of.conrelid
  where class.relnamespace = current_schema()::regnamespace and constraint_of.contype <> 'n'
  order by class.relname, constraint_of.conname`

const indexesSql = `
  select class.relname as table, pg_get_indexdef(index.indexrelid) as definition
  from pg_index as index
  join pg_class as class on class.oid = index.indrelid
  where class.relnamespace = current_schema()::regnamespace
    and not exists (select from pg_constraint where conindid = index.indexrelid)
  order by class.relname, definition`

type ColumnRow = {
  table: string
  name: string
  type: string
  is_required: boolean
  preset: string | null
  ordering: string | null
  options: string | null
}
type ConstraintRow = { table: string; name: string; definition: string }
type IndexRow = { table: string; definition: string }

/**
 * The whole schema as SQL, read from the catalogs: the bundled PostgreSQL brings no `pg_dump`. It is kept
 * as `schema.sql`, so that a review sees what a migration does.
 */
export async function dumpSchema(db: Queryable): Promise<string> {
  const { rows: columns } = await db.query<ColumnRow>(columnsSql)
  const { rows: constraints } = await db.query<ConstraintRow>(constraintsSql)
  const { rows: indexes } = await db.query<IndexRow>(indexesSql)
  const tables = Map.groupBy(columns, ({ table }) => table)
  const parts = [...tables].map(([table, own]) => {
    const lines = [
      ...own.map(columnLine),
      ...constraints
        .filter((row) => row.table === table)
        .map(({ name, definition }) => `  constraint ${name} ${definition}`),
    ]
    const options = own[0]?.options
    const made = `create table ${table} (\n${lines.join(',\n')}\n)${options ? ` with (${options})` : ''};`
    const indexed = indexes
      .filter((row) => row.table === table)
      .map(({ definition }) => `${definition.replace(/ ON \w+\./, ' ON ')};`)
    return [made, ...indexed].join('\n')
  })
  return `-- Generated from the catalogs after all migrations. Do not edit: run the migrations.\n\n${parts.join('\n\n')}\n`
}

function columnLine({ name, type, ordering, preset, is_required }: ColumnRow): string {
  const collated = ordering === null ? '' : ` collate "${ordering}"`
  const filled = preset === null ? '' : ` default ${preset}`
  return `  ${name} ${type}${collated}${filled}${is_required ? ' not null' : ''}`
}
