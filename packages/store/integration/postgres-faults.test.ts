import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { configMapKind, secretKind } from '@skerry/api/kinds/core'
import { isApiError } from '@skerry/api/status'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import { withDatabase } from '@skerry/testing/database'
import {
  createConfigMap,
  key,
  openWatch,
  refused,
  told,
} from '@skerry/testing/state-conformance-tools'
import { startEmbeddedPostgres } from '../src/embedded-postgres.ts'
import { connect } from '../src/postgres-connections.ts'
import { openPostgresStore } from '../src/postgres-store.ts'
import { compactChanges } from '../src/sql/compact-changes.ts'

const doors = { clock: systemClock, random: systemRandom, log: silentLog }

async function query(databaseUrl: string, text: string): Promise<Record<string, unknown>[]> {
  const client = await connect(databaseUrl)
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

describe('PostgreSQL that fails', () => {
  it('is killed and comes back: writes say try again, watches go on without a gap', async () => {
    await using stack = new AsyncDisposableStack()
    const dataDir = await mkdtemp(join(tmpdir(), 'skerry-fault-'))
    stack.defer(() => rm(dataDir, { recursive: true, force: true }))
    const { databaseUrl } = stack.use(await startEmbeddedPostgres({ ...doors, dataDir }))
    const store = stack.use(await openPostgresStore({ ...doors, databaseUrl }))
    const { resourceVersion } = await store.state.list(configMapKind)
    const watch = stack.use(openWatch(store.state, configMapKind, { resourceVersion }))
    const specsMissed = Promise.withResolvers<void>()

    await createConfigMap(store.state, 'before')
    assert.deepEqual(told([await watch.next()]), ['ADDED before'])
    stack.use(
      store.specs.subscribe((siteUid) => {
        if (siteUid === undefined) specsMissed.resolve()
      }),
    )
    const pidFile = join(dataDir, 'postgres/data/postmaster.pid')
    process.kill(Number((await readFile(pidFile, 'utf8')).split('\n')[0]), 'SIGKILL')

    const accepted: string[] = []
    const refusals = new Set<string>()
    for (let index = 0; accepted.length < 5; index += 1) {
      assert.ok(index < 600, 'it never came back')
      try {
        await createConfigMap(store.state, `w${index}`)
        accepted.push(`w${index}`)
      } catch (thrown) {
        assert.ok(isApiError(thrown), String(thrown))
        refusals.add(thrown.reason)
        await systemClock.sleep(50)
      }
    }
    // Timeout: it was killed in the middle of a commit, and nobody knows.
    refusals.delete('Timeout')
    assert.deepEqual([...refusals], ['ServiceUnavailable'])
    await specsMissed.promise
    await store.ping()
    // What was accepted is told; what was refused may be there too, for its outcome was not known.
    const { items } = await store.state.list(configMapKind)
    const names = items.map(({ metadata }) => metadata.name).filter((name) => name !== 'before')
    assert.ok(accepted.every((name) => names.includes(name)))
    const events = await watch.take(names.length)
    assert.deepEqual(told(events).toSorted(), names.map((name) => `ADDED ${name}`).toSorted())
  })

  it('loses its connections again and again, and no watcher notices', async () => {
    await using database = await withDatabase()
    await using store = await openPostgresStore({ ...doors, ...database })
    const { resourceVersion } = await store.state.list(configMapKind)
    await using watch = openWatch(store.state, configMapKind, { resourceVersion })
    const names: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const sql = `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid()`
      await query(database.databaseUrl, sql)
      for (let index = 0; index < 3; index += 1) {
        const name = `r${round}-${index}`
        await createConfigMap(store.state, name).then(
          () => names.push(name),
          (thrown) => assert.ok(isApiError(thrown, 'ServiceUnavailable'), String(thrown)),
        )
      }
    }
    assert.ok(names.length >= 5)
    const events = told(await watch.take(names.length))
    assert.ok(names.every((name) => events.includes(`ADDED ${name}`)))
    assert.equal(new Set(events).size, events.length, 'nothing is told twice')
  })

  it('is not there at all', async () => {
    const databaseUrl = 'postgres://skerry:x@127.0.0.1:9/skerry'
    await refused('ServiceUnavailable', openPostgresStore({ ...doors, databaseUrl }))
  })
})

describe('old changes', () => {
  it('go, and watchers from before are told to list again', async () => {
    await using database = await withDatabase()
    await using store = await openPostgresStore({ ...doors, ...database })
    const first = await createConfigMap(store.state, 'first')
    for (let index = 0; index < 20; index += 1) await createConfigMap(store.state, `m${index}`)
    const { resourceVersion } = await store.state.list(configMapKind)
    await using live = openWatch(store.state, configMapKind, { resourceVersion })
    const client = await connect(database.databaseUrl)
    try {
      assert.equal(await compactChanges(client, 10, 5), 5, 'in slices')
      assert.equal(await compactChanges(client, 10, 500), 7)
      assert.equal(await compactChanges(client, 10, 500), 0)
    } finally {
      await client.end()
    }
    const old = { resourceVersion: first.metadata.resourceVersion }
    await refused('Expired', openWatch(store.state, configMapKind, old).next())
    const kept = { resourceVersion: String(Number(resourceVersion) - 10) }
    await using fromKept = openWatch(store.state, configMapKind, kept)
    assert.equal((await fromKept.take(10)).length, 10)
    await createConfigMap(store.state, 'last')
    assert.deepEqual(told([await live.next()]), ['ADDED last'])
  })

  it('that were missed altogether are not passed over in silence', async () => {
    await using database = await withDatabase()
    await using store = await openPostgresStore({ ...doors, ...database })
    await using watch = openWatch(store.state, configMapKind, { bookmarks: true })
    await watch.next()
    // As after a process stood still for longer than changes are kept.
    await query(
      database.databaseUrl,
      `update counter set version = version + 100; update hub set horizon = (select version from counter)`,
    )
    await createConfigMap(store.state, 'later')
    await refused('Expired', watch.next())
    await using again = openWatch(store.state, configMapKind)
    assert.deepEqual(told([await again.next()]), ['ADDED later'])
  })
})

describe('secrets', () => {
  const sealer = {
    seal: (plain: string) => Buffer.from(plain).toString('hex'),
    open: (sealed: string) => Buffer.from(sealed, 'hex').toString(),
  }
  it('are sealed in the table and in the log, and nothing else is', async () => {
    await using database = await withDatabase()
    await using store = await openPostgresStore({ ...doors, ...database, sealer })
    const input = { metadata: { name: 's', namespace: 'default' }, stringData: { a: 'hunter2' } }
    const created = await store.state.create(secretKind, input)
    await using watch = openWatch(store.state, secretKind)
    await watch.next()
    const changed = { ...created, data: { a: Buffer.from('hunter3').toString('base64') } }
    await store.state.update(secretKind, changed)
    await createConfigMap(store.state, 'plain', { data: { a: 'in the clear' } })
    const event = await watch.next()
    assert.ok(event.type === 'MODIFIED')
    assert.deepEqual(event.object['data'], changed.data)
    assert.equal((await store.state.list(secretKind)).items.length, 1)
    await store.state.delete(secretKind, key('s'))
    const rows = await query(
      database.databaseUrl,
      `select concat(before, ' ', after) as text from changes where resource = 'secrets'
       union all select body from objects where resource = 'secrets'`,
    )
    assert.equal(rows.length, 3)
    for (const { text } of rows) assert.doesNotMatch(String(text), /"data"/)
    const [plain] = await query(
      database.databaseUrl,
      `select body from objects where resource = 'configmaps'`,
    )
    assert.match(String(plain!['body']), /in the clear/)
  })
  it('that were stored before there was a key are still read', async () => {
    await using database = await withDatabase()
    const input = { metadata: { name: 's', namespace: 'default' }, stringData: { a: 'b' } }
    {
      await using store = await openPostgresStore({ ...doors, ...database })
      await store.state.create(secretKind, input)
    }
    await using store = await openPostgresStore({ ...doors, ...database, sealer })
    assert.deepEqual((await store.state.get(secretKind, key('s')))!.data, { a: 'Yg==' })
  })
})
