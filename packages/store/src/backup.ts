import { isPlainObject, parseJson } from '@skerry/base/json'
import type { Clock } from '@skerry/base/clock'
import type { ClientBase } from 'pg'
import { backupPageMax, epochVersionJump } from './limits.ts'
import { migrate } from './migrate.ts'
import { raiseEpoch } from './sql/raise-epoch.ts'

/** What is in a backup, in the order in which it is put back. */
const tables = ['hub', 'counter', 'objects', 'changes', 'specs', 'rollups'] as const
type Table = (typeof tables)[number]

/** Tables that every database has one row of: the one of the backup takes its place. */
const oneRowTables: readonly Table[] = ['hub', 'counter']

const format = 'skerry-store-backup'
const formatVersion = 1

/** The other side of a backup may be a slow disk; these transactions keep no writer waiting. */
const mayPause = 'set local idle_in_transaction_session_timeout = 0'

type Header = {
  readonly format: typeof format
  readonly version: number
  readonly columns: Readonly<Record<string, readonly string[]>>
}

/**
 * Everything in the database as lines of JSON, from one snapshot; hubs may go on writing. What is sealed
 * stays sealed. Uses the connection for itself until the last line.
 */
export async function* exportStore(client: ClientBase): AsyncGenerator<string> {
  await client.query('begin isolation level repeatable read read only')
  try {
    await client.query(mayPause)
    const columns: Record<string, string[]> = {}
    for (const table of tables) columns[table] = await columnsOf(client, table)
    yield JSON.stringify({ format, version: formatVersion, columns } satisfies Header)
    let count = 0
    for (const table of tables) {
      await client.query(
        `declare backup no scroll cursor for select row_to_json(${table})::text as line from ${table}`,
      )
      for (;;) {
        const { rows } = await client.query<{ line: string }>(`fetch ${backupPageMax} from backup`)
        for (const { line } of rows) yield `{"table":"${table}","row":${line}}`
        count += rows.length
        if (rows.length < backupPageMax) break
      }
      await client.query('close backup')
    }
    yield JSON.stringify({ end: true, rows: count })
  } finally {
    await client.query('rollback')
  }
}

/**
 * Puts a backup into an empty database and begins a new epoch. All or nothing. Answers the epoch.
 */
export async function importStore(
  client: ClientBase,
  lines: AsyncIterable<string>,
  clock: Clock,
): Promise<number> {
  await migrate(client, clock)
  await client.query('begin')
  try {
    await client.query(mayPause)
    await assertEmpty(client)
    for (const table of oneRowTables) await client.query(`delete from ${table}`)
    await importLines(client, lines)
    const epoch = await raiseEpoch(client, epochVersionJump)
    await client.query('commit')
    return epoch
  } catch (thrown) {
    await client.query('rollback').catch(() => {})
    throw thrown
  }
}

async function importLines(client: ClientBase, lines: AsyncIterable<string>): Promise<void> {
  let header: Header | undefined
  let count = 0
  let isWhole = false
  let page: { table: Table; rows: string[] } | undefined
  const flush = async (): Promise<void> => {
    if (page !== undefined) await insertRows(client, page.table, header!.columns, page.rows)
    page = undefined
  }
  for await (const line of lines) {
    if (line.trim() === '') continue
    if (isWhole) throw broken('something follows its end')
    if (header === undefined) {
      header = headerOf(line)
      continue
    }
    const { table, row, rows, end } = recordOf(line)
    if (end === true) {
      if (rows !== count) throw broken(`it says that it has ${String(rows)} rows and has ${count}`)
      isWhole = true
      continue
    }
    if (table === undefined || row === undefined) throw broken('a line is neither row nor end')
    if (page !== undefined && (page.table !== table || page.rows.length >= backupPageMax))
      await flush()
    page ??= { table, rows: [] }
    page.rows.push(JSON.stringify(row))
    count += 1
  }
  if (!isWhole) throw broken('its end is missing: it was cut off')
  await flush()
}

async function insertRows(
  client: ClientBase,
  table: Table,
  columns: Header['columns'],
  rows: readonly string[],
): Promise<void> {
  // A column that came later is filled with its default.
  const known = new Set(await columnsOf(client, table))
  const shared = (columns[table] ?? []).filter((name) => known.has(name))
  const names = shared.map((name) => client.escapeIdentifier(name)).join(', ')
  await client.query(
    `insert into ${table} (${names}) select ${names} from json_populate_recordset(null::${table}, $1::json)`,
    [`[${rows.join(',')}]`],
  )
}

async function assertEmpty(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ filled: boolean }>(
    `select exists (select from objects) or exists (select from specs) or exists (select from rollups)
       or exists (select from counter where version > 0) as filled`,
  )
  if (rows[0]?.filled === true)
    throw new Error(
      'The database is not empty: restore into a new one, so that nothing is lost that is there.',
    )
}

async function columnsOf(client: ClientBase, table: Table): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select attname as name from pg_attribute
     where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [table],
  )
  return rows.map(({ name }) => name)
}

function headerOf(line: string): Header {
  const header = parsed(line)
  if (header['format'] !== format) throw broken('it does not begin as one')
  if (header['version'] !== formatVersion)
    throw new Error(
      `The backup has format ${String(header['version'])}; this hub reads ${formatVersion}: use a newer hub.`,
    )
  const { columns } = header
  if (!isPlainObject(columns)) throw broken('it does not say its columns')
  return { format, version: formatVersion, columns: columns as Header['columns'] }
}

function recordOf(line: string): { table?: Table; row?: unknown; rows?: unknown; end?: unknown } {
  const { table, ...record } = parsed(line)
  if (table === undefined) return record
  const known = tables.find((name) => name === table)
  if (known === undefined)
    throw broken(`it has a table ${JSON.stringify(table)} that this hub does not know`)
  return { ...record, table: known }
}

function parsed(line: string): Record<string, unknown> {
  try {
    const value = parseJson(line)
    if (isPlainObject(value)) return value
  } catch {
    throw broken('a line is not JSON')
  }
  throw broken('a line is not an object')
}

function broken(why: string): Error {
  return new Error(`This is no whole backup of a hub: ${why}. Take another copy of it.`)
}
