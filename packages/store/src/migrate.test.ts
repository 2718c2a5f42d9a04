import assert from 'node:assert/strict'
import { it } from 'node:test'
import { pendingMigrations, readMigrations } from './migrate.ts'

it('runs what has not run, takes newer ones as they are, and notices an edited one', async () => {
  const known = await readMigrations()
  assert.ok(known.length >= 2)
  assert.deepEqual(pendingMigrations(known, []), known)
  const [first] = known
  assert.deepEqual(pendingMigrations(known, [first!]), known.slice(1))
  const newer = { number: known.length + 1, checksum: 'of a newer hub' }
  assert.deepEqual(pendingMigrations(known, [...known, newer]), [])
  assert.throws(
    () => pendingMigrations(known, [{ number: 1, checksum: 'edited' }]),
    /0001-.*restore the file and add a new one/,
  )
})

it('only ever adds, so that a hub one version older can work on the same tables', async () => {
  const takesAway =
    /\b(drop|rename|truncate|delete|update)\b|\balter\s+column\b|\badd\s+(column\s+)?\w+\s[^,;]*\bnot\s+null\b(?![^,;]*\bdefault\b)/i
  const withoutComments = (sql: string) => sql.replaceAll(/--.*$/gm, '')
  for (const { name, sql } of await readMigrations())
    assert.doesNotMatch(withoutComments(sql), takesAway, name)
  for (const bad of [
    'alter table objects drop column body',
    'alter table objects rename column body to text',
    'alter table objects alter column body type jsonb',
    'alter table objects add column shard integer not null',
    'alter table objects add shard integer not null;',
  ])
    assert.match(bad, takesAway)
  for (const good of [
    'alter table objects add column shard integer',
    'alter table objects add column shard integer not null default 0',
    'create table shards (id integer not null)',
  ])
    assert.doesNotMatch(good, takesAway)
})
