import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { configMapKind } from '@skerry/api/kinds/core'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { withDatabase, withEmptyDatabase } from '@skerry/testing/database'
import { key } from '@skerry/testing/state-conformance-tools'
import { dumpSchema } from '../src/testing/dump-schema.ts'
import { migrate, readMigrations } from '../src/migrate.ts'
import { connect } from '../src/postgres-connections.ts'
import { openPostgresStore } from '../src/postgres-store.ts'
import { type ListSliceQuery, listSliceStatement } from '../src/sql/list-slice.ts'
import { applyBatchSql } from '../src/sql/apply-batch.ts'
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

  it('of a hub one version older is brought up to date, with all that was in it', async () => {
    await using database = await withEmptyDatabase()
    const client = await connect(database.databaseUrl)
    try {
      await migrate(client, systemClock)
      const last = (await readMigrations()).at(-1)!
      // As it was before the last migration, which a hub of today then runs over what is there.
      const made = [...last.sql.matchAll(/create table (\w+)/g)].map(([, name]) => name!)
      for (const table of made) await client.query(`drop table ${table}`)
      await client.query('delete from migrations where number = $1', [last.number])
      await client.query(`insert into objects values
        ('configmaps', 'default', 'old', 'uid-1', 1, '{}',
         '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"old","namespace":"default","uid":"uid-1","resourceVersion":"1","creationTimestamp":"2030-01-01T00:00:00Z","generation":1}}')`)
      await client.query('update counter set version = 1')
      const doors = { clock: systemClock, random: systemRandom, log: silentLog }
      await using store = await openPostgresStore({ ...doors, ...database })
      const old = await store.state.get(configMapKind, key('old'))
      assert.equal(old?.metadata.uid, 'uid-1')
      const next = await store.state.create(configMapKind, { metadata: key('new') })
      assert.ok(Number(next.metadata.resourceVersion) > 1)
      assert.equal(await store.specs.get('uid-1'), undefined)
    } finally {
      await client.end()
    }
  })

  it('answers the hot questions from indexes', async () => {
    await using database = await withDatabase()
    const client = await connect(database.databaseUrl)
    try {
      await client.query(fillSql)
      await client.query('vacuum analyze')
      const hot: [string, unknown[]][] = [
        ...lists.map((query): [string, unknown[]] => {
          const { text, values } = listSliceStatement(query)
          return [text, values]
        }),
        [
          readRowsSql,
          [
            ['sites', 'sites'],
            ['ns1', 'ns1'],
            ['o1', 'o2'],
            [null, 7],
          ],
        ],
        [readChangesSql, [19_900, 1e9, 500]],
        [readResourceChangesSql, [19_900, 1e9, 500, 'sites']],
        [queryRollupsSql, ['ns1', 19_000, null, null, 'm1', null, 1000]],
        [queryRollupsSql, ['ns1', 19_000, null, ['s1'], null, null, 1000]],
        ['delete from rollups where end_ms < $1', [100]],
        [compactChangesSql, [19_000, 100]],
        [applyBatchSql, oneWrite],
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

const keys = [['sites'], ['ns1'], ['o1']]
const oneWrite = [
  // What is put,
  ...keys,
  ['u'],
  [20_001],
  ['{}'],
  ['{}'],
  // what is removed,
  ...keys,
  // what is logged, and when.
  [20_001],
  ...keys,
  ['MODIFIED'],
  [null],
  [null],
  '2030-01-01',
  20_001,
]
const page = { resource: 'sites', limit: 500 }
const lists: ListSliceQuery[] = [
  page,
  { ...page, isCounted: true },
  { ...page, namespace: 'ns1' },
  { ...page, namespace: 'ns1', after: { namespace: 'ns1', name: 'o5' } },
  { ...page, after: { namespace: 'ns1', name: 'o5' } },
  { ...page, after: { namespace: 'ns1', name: 'o5' }, at: 19_990 },
  { ...page, namespace: 'ns1', name: 'o77' },
  { ...page, labels: [{ key: 'shop', operator: 'In', values: ['77'] }] },
  { ...page, labels: [{ key: 'shop', operator: 'In', values: ['77', '78'] }] },
  { ...page, labels: [{ key: 'shop', operator: 'NotIn', values: ['77', '78'] }] },
  { ...page, labels: [{ key: 'shop', operator: 'Exists' }] },
  { ...page, labels: [{ key: 'shop', operator: 'DoesNotExist' }] },
]

const fillSql = `
  insert into objects
    select 'sites', 'ns' || n % 20, 'o' || n, n, n, jsonb_build_object('shop', n::text), repeat('x', 1500)
    from generate_series(1, 20000) as n;
  insert into objects
    select 'leases', 'ns' || n % 20, 'o' || n, n, n, '{}', repeat('x', 1500)
    from generate_series(1, 20000) as n;
  insert into changes
    select n, 'sites', 'ns', 'o' || n, 'ADDED', null, '{}', '2030-01-01'
    from generate_series(1, 20000) as n;
  update counter set version = 20000;
  insert into rollups
    select 's' || n % 100, 'b', n, 'ns1', 's' || n % 100, 'm' || n % 5, 'v', 'd', n, n, 1, 1, 1, 1, '', '', ''
    from generate_series(1, 20000) as n;`
