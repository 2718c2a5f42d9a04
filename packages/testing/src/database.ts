import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { createDatabase, dropDatabase, migrateDatabase } from '@skerry/store/databases'
import { startEmbeddedPostgres } from '@skerry/store/embedded-postgres'

export type TestDatabase = AsyncDisposable & { readonly databaseUrl: string }

/** A PostgreSQL for tests: it forgets nothing that a process does, but everything that a power cut would. */
export type DatabaseServer = AsyncDisposable & {
  /** A database of its own, with the newest schema and nothing in it. */
  create(): Promise<TestDatabase>
  /** The same without any table. */
  createEmpty(): Promise<TestDatabase>
}

const template = 'skerry_template'

export async function startDatabaseServer(): Promise<DatabaseServer> {
  await using starting = new AsyncDisposableStack()
  const dataDir = await mkdtemp(join(tmpdir(), 'skerry-db-'))
  starting.defer(() => rm(dataDir, { recursive: true, force: true }))
  const doors = { clock: systemClock, log: silentLog }
  const server = starting.use(await startEmbeddedPostgres({ ...doors, dataDir, isDurable: false }))
  const serverUrl = server.databaseUrl
  await migrateDatabase(await createDatabase(serverUrl, template), systemClock)

  let count = 0
  const create = async (from?: string): Promise<TestDatabase> => {
    count += 1
    const name = `test_${count}`
    const databaseUrl = await createDatabase(serverUrl, name, from)
    return { databaseUrl, [Symbol.asyncDispose]: () => dropDatabase(serverUrl, name) }
  }
  const stack = starting.move()
  return {
    create: () => create(template),
    createEmpty: () => create(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

let shared: Promise<DatabaseServer> | undefined

/**
 * A fresh database for a test. All tests of a file, which run in one process, share one PostgreSQL, which
 * starts with the first and ends with the file.
 */
export async function withDatabase(): Promise<TestDatabase> {
  return (await sharedServer()).create()
}

/** The same without any table. */
export async function withEmptyDatabase(): Promise<TestDatabase> {
  return (await sharedServer()).createEmpty()
}

function sharedServer(): Promise<DatabaseServer> {
  shared ??= startDatabaseServer()
  return shared
}

// Outside of a test runner there is no file that ends: use startDatabaseServer there.
if (process.env['NODE_TEST_CONTEXT'] !== undefined)
  after(async () => {
    await (await shared)?.[Symbol.asyncDispose]()
  })
