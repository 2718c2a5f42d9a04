import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { withDatabase, withEmptyDatabase } from '@skerry/testing/database'
import { dumpSchema } from '../src/dump-schema.ts'
import { migrate } from '../src/migrate.ts'
import { connect } from '../src/postgres-connections.ts'
import { listObjectsSql } from '../src/sql/list-objects.ts'
import { compactChangesSql } from '../src/sql/compact-changes.ts'
import { queryRollupsSql } from '../src/sql/query-rollups.ts'
import { readChangesSql, readResourceChangesSql } from '../src/sql/read-changes.ts'
import { readRowsSql } from '../src/sql/read-rows.ts'

describe('schema', () => {
  it('is the one in schema.sql', async () => {
    await using database = await withDatabase()
    const client = await connect(database.databaseUrl)
    const path = new URL('../schema.sql', import.meta.url)
    try {
      const dumped = await dumpSchema(client)
      if (process.env['SKERRY_WRITE_SCHEMA'] === '1') await writeFile(path, dumped)
      const kept = await readFile(path, 'utf8')
      assert.equal(dumped, kept, 'run this test with SKERRY_WRITE_SCHEMA=1 and review the diff')
    } finally {
      await client.end()
    }
  })

  it('migrates once, from several hubs, and notices an edited migration', async () => {
    await using database = await withEmptyDatabase()
    const clients = await Promise.all([1, 2, 3].map(() => connect(database.databaseUrl)))
    const [client] = clients
    try {
      await Promise.all(clients.map((each) => migrate(each, systemClock)))
      await migrate(client!, systemClock)
      await client!.query(
        `insert into migrations values (9999, '9999-later.sql', 'x', '2030-01-01')`,
      )
      await migrate(client!, systemClock)
      await client!.query(`update migrations set checksum = 'edited' where number = 1`)
      await assert.rejects(migrate(client!, systemClock), /0001-.*restore the file/)
    } finally {
      for (const each of clients) await each.end()
    }
  })

  it('answers the hot questions from indexes', async () => {
    await using database = await withDatabase()
    const client = await connect(database.databaseUrl)
    try {
      await client.query(fillSql)
      await client.query('vacuum analyze')
      const hot: [string, unknown[]][] = [
        [listObjectsSql, ['sites', 'ns1', null, null]],
        [listObjectsSql, ['sites', null, 'o77', null]],
        [listObjectsSql, ['sites', null, null, '{"shop":"77"}']],
        [
          readRowsSql,
          [
            ['sites', 'sites'],
            ['ns1', 'ns1'],
            ['o1', 'o2'],
          ],
        ],
        [readChangesSql, [19_900, 1e9, 500]],
        [readResourceChangesSql, [19_900, 1e9, 500, 'sites']],
        [queryRollupsSql, ['ns1', 19_000, null, null, 'm1', null, 1000]],
        [queryRollupsSql, ['ns1', 19_000, null, ['s1'], null, null, 1000]],
        ['delete from rollups where end_ms < $1', [100]],
        [compactChangesSql, [19_000, 100]],
      ]
      for (const [sql, values] of hot) {
        const { rows } = await client.query<Record<string, string>>(`explain ${sql}`, values)
        const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
        assert.doesNotMatch(plan, /Seq Scan on (objects|changes|rollups|specs)/, `${sql}\n${plan}`)
      }
    } finally {
      await client.end()
    }
  })
})

const fillSql = `
  insert into objects
    select 'sites', 'ns' || n % 20, 'o' || n, n, n, jsonb_build_object('shop', n::text), '{}'
    from generate_series(1, 20000) as n;
  insert into changes
    select n, 'sites', 'ns', 'o' || n, 'ADDED', null, '{}', '2030-01-01'
    from generate_series(1, 20000) as n;
  update counter set version = 20000;
  insert into rollups
    select 's' || n % 100, 'b', n, 'ns1', 's' || n % 100, 'm' || n % 5, 'v', 'd', n, n, 1, 1, 1, 1, '', '', ''
    from generate_series(1, 20000) as n;`
