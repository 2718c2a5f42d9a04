import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import type { Clock } from '@skerry/base/clock'
import type { ClientBase } from 'pg'

export type Migration = {
  readonly number: number
  readonly name: string
  readonly sql: string
  readonly checksum: string
}

const directory = new URL('./migrations/', import.meta.url)

/** Hubs that start at once migrate one after the other. Any number will do; it must not change. */
const migrationLock = 5_307_532

/** The numbered files, in order. */
export async function readMigrations(): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted()
  return Promise.all(
    names.map(async (name, index) => {
      const sql = await readFile(new URL(name, directory), 'utf8')
      if (Number(name.slice(0, 4)) !== index + 1)
        throw new Error(
          `Migrations are numbered 0001, 0002, … without a gap: ${name} does not fit.`,
        )
      const checksum = createHash('sha256').update(sql).digest('hex')
      return { number: index + 1, name, sql, checksum }
    }),
  )
}

/** What to run, given what has run. Throws when a migration was edited after it ran. Pure. */
export function pendingMigrations(
  known: readonly Migration[],
  applied: readonly { number: number; checksum: string }[],
): Migration[] {
  const checksums = new Map(applied.map(({ number, checksum }) => [number, checksum]))
  for (const { number, name, checksum } of known)
    if (checksums.has(number) && checksums.get(number) !== checksum)
      throw new Error(
        `Migration ${name} is not the one that this database has run: restore the file and add a new one instead.`,
      )
  // Numbers that we do not know are those of a newer hub; what they add does not disturb us.
  return known.filter(({ number }) => !checksums.has(number))
}

/** Brings the schema up to date. Safe when several hubs do it at once. */
export async function migrate(client: ClientBase, clock: Clock): Promise<void> {
  const known = await readMigrations()
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    await client.query(`create table if not exists migrations (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null
    )`)
    const { rows } = await client.query<{ number: number; checksum: string }>(
      'select number, checksum from migrations',
    )
    for (const { number, name, sql, checksum } of pendingMigrations(known, rows)) {
      await client.query(sql)
      await client.query(
        'insert into migrations (number, name, checksum, applied_at) values ($1, $2, $3, $4)',
        [number, name, checksum, new Date(clock.now())],
      )
    }
    await client.query('commit')
  } catch (thrown) {
    await client.query('rollback').catch(() => {})
    throw thrown
  }
}
