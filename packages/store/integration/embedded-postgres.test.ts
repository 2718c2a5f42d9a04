import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, cp, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { systemClock } from '@skerry/base/clock'
import { createLog, silentLog } from '@skerry/base/log'
import pg from 'pg'
import { startEmbeddedPostgres } from '../src/embedded-postgres.ts'
import { choosePlace, installedNative } from '../src/postgres-place.ts'
import { initialize } from '../src/postgres-process.ts'

const doors = { clock: systemClock, log: silentLog }
const runner = fileURLToPath(new URL('./run-embedded-postgres.ts', import.meta.url))

type Directory = AsyncDisposable & { readonly path: string }

async function directory(): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), 'skerry-pg-'))
  // As the home of root: nobody else may enter.
  await chmod(path, 0o700)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

async function query(databaseUrl: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

async function postmasterPid(dataDir: string): Promise<number> {
  const text = await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')
  return Number(text.split('\n')[0])
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** A hub's worth of process that starts PostgreSQL and prints its URL. */
async function startInProcess(dataDir: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [runner, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()))
    child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
  })
  return { child, url }
}

async function killed(child: ChildProcess): Promise<void> {
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await exited
}

describe('embedded PostgreSQL', () => {
  it('starts, keeps what it was given, and stops', async () => {
    await using dir = await directory()
    {
      await using first = await startEmbeddedPostgres({ ...doors, dataDir: dir.path })
      await query(first.databaseUrl, 'create table kept as select 42 as answer')
      const rows = await query(first.databaseUrl, `select current_setting('fsync') as fsync`)
      assert.deepEqual(rows, [{ fsync: 'on' }])
    }
    await assert.rejects(postmasterPid(dir.path), { code: 'ENOENT' }, 'a clean end leaves no pid')
    const { mode } = await stat(join(dir.path, 'postgres-password'))
    assert.equal(mode & 0o777, 0o600)
    await using second = await startEmbeddedPostgres({ ...doors, dataDir: dir.path })
    assert.deepEqual(await query(second.databaseUrl, 'select answer from kept'), [{ answer: 42 }])
  })

  it('adopts the PostgreSQL of a hub that was killed', async () => {
    await using dir = await directory()
    const { child, url } = await startInProcess(dir.path)
    await query(url, 'create table kept as select 42 as answer')
    const pid = await postmasterPid(dir.path)
    await killed(child)
    assert.ok(isAlive(pid), 'it was left behind')
    {
      // Under another name of the same directory, too.
      const link = `${dir.path}-link`
      await symlink(dir.path, link)
      await using adopted = await startEmbeddedPostgres({ ...doors, dataDir: link })
      await rm(link)
      assert.equal(await postmasterPid(dir.path), pid, 'no second one')
      assert.equal(adopted.databaseUrl, url)
      assert.deepEqual(await query(adopted.databaseUrl, 'select answer from kept'), [
        { answer: 42 },
      ])
    }
    await eventually(async () => assert.ok(!isAlive(pid), 'and it ends with its new owner'))
  })

  it('starts PostgreSQL again when it is killed, with its data and at its address', async () => {
    await using dir = await directory()
    const warnings: string[] = []
    const log = createLog(({ level, message }) => {
      if (level === 'warn') warnings.push(message)
    })
    await using postgres = await startEmbeddedPostgres({ ...doors, log, dataDir: dir.path })
    await query(postgres.databaseUrl, 'create table kept as select 42 as answer')
    const pid = await postmasterPid(dir.path)
    process.kill(pid, 'SIGKILL')
    const rows = await eventually(() => query(postgres.databaseUrl, 'select answer from kept'))
    assert.deepEqual(rows, [{ answer: 42 }])
    assert.notEqual(await postmasterPid(dir.path), pid)
    assert.match(warnings.join(), /starting it again/)
  })

  it('starts after hub and PostgreSQL were both killed, whoever has the pid now', async () => {
    await using dir = await directory()
    const { child, url } = await startInProcess(dir.path)
    await query(url, 'create table kept as select 42 as answer')
    const pid = await postmasterPid(dir.path)
    await killed(child)
    process.kill(pid, 'SIGKILL')
    const pidFile = join(dir.path, 'postgres/data/postmaster.pid')
    const text = await readFile(pidFile, 'utf8')
    // After a restart of the machine the number belongs to somebody else: here, to this test.
    await eventually(async () => assert.ok(!isAlive(pid)))
    await writeFile(pidFile, text.replace(String(pid), String(process.pid)))
    await using postgres = await startEmbeddedPostgres({ ...doors, dataDir: dir.path })
    const rows = await query(postgres.databaseUrl, 'select answer from kept')
    assert.deepEqual(rows, [{ answer: 42 }])
  })

  it('refuses a directory that another hub runs', async () => {
    await using dir = await directory()
    await using first = await startEmbeddedPostgres({ ...doors, dataDir: dir.path })
    await assert.rejects(
      startEmbeddedPostgres({ ...doors, dataDir: dir.path }),
      /is in use by another hub that is running: stop that one first/,
    )
    assert.deepEqual(await query(first.databaseUrl, 'select 1 as one'), [{ one: 1 }])
  })

  it('says what is wrong with a directory that it cannot use', async () => {
    await using dir = await directory()
    const file = join(dir.path, 'file')
    await writeFile(file, '')
    await assert.rejects(
      startEmbeddedPostgres({ ...doors, dataDir: join(file, 'data') }),
      /cannot be used \(ENOTDIR\): give the hub one that it may write/,
    )
    await assert.rejects(
      startEmbeddedPostgres({ ...doors, dataDir: file }),
      /cannot be used \(EEXIST\): give the hub one that it may write/,
    )
  })

  it('says so when its port is taken', async () => {
    await using dir = await directory()
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    try {
      await assert.rejects(
        startEmbeddedPostgres({ ...doors, dataDir: dir.path, port }),
        /PostgreSQL does not start: .*Address already in use/,
      )
    } finally {
      server.close()
    }
  })

  it('says so when the data is of another version, or the password is not its own', async () => {
    await using dir = await directory()
    {
      await using _ = await startEmbeddedPostgres({ ...doors, dataDir: dir.path })
    }
    const version = join(dir.path, 'postgres/data/PG_VERSION')
    await writeFile(version, '17\n')
    await assert.rejects(
      startEmbeddedPostgres({ ...doors, dataDir: dir.path }),
      /was made by PostgreSQL 17; this is 18/,
    )
    await writeFile(version, '18\n')
    const { child } = await startInProcess(dir.path)
    try {
      await writeFile(join(dir.path, 'postgres-password'), 'wrong')
      await assert.rejects(
        startEmbeddedPostgres({ ...doors, dataDir: dir.path }),
        /refuses the password in the file postgres-password/,
      )
    } finally {
      const exited = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await exited
    }
  })
})

describe('embedded PostgreSQL as root where there are no user namespaces', () => {
  const reason =
    process.getuid?.() === 0 ? false : 'only root has to become another user, and this is not root'

  it('runs as another user, with its data where that user can go', { skip: reason }, async () => {
    await using dir = await directory()
    using hidden = withoutUnshare()
    const told: string[] = []
    const log = createLog(({ message }) => told.push(message))
    {
      await using first = await startEmbeddedPostgres({ ...doors, log, dataDir: dir.path })
      await query(first.databaseUrl, 'create table kept as select 42 as answer')
    }
    const moved = (await readFile(join(dir.path, 'postgres-moved-to'), 'utf8')).trim()
    try {
      assert.match(moved, /^\/var\/lib\/skerry-[0-9a-f]{12}\/postgres$/)
      assert.match(told.join(), /cannot reach the data directory: its data is elsewhere/)
      assert.notEqual((await stat(join(moved, 'data'))).uid, 0)
      // It finds its data there again, even where there are namespaces now.
      hidden[Symbol.dispose]()
      await using second = await startEmbeddedPostgres({ ...doors, dataDir: dir.path })
      assert.deepEqual(await query(second.databaseUrl, 'select answer from kept'), [{ answer: 42 }])
    } finally {
      await rm(dirname(moved), { recursive: true, force: true })
    }
  })

  it(
    'also when the directory is in the closed home of somebody else',
    { skip: reason },
    async () => {
      await using dir = await directory()
      await chown(dir.path, 54_321, 54_321)
      const place = await choosePlace(join(dir.path, 'data'), silentLog)
      try {
        assert.equal(place.runAs.by, 'user')
        assert.match(place.home, /^\/var\/lib\/skerry-/)
      } finally {
        await rm(dirname(place.home), { recursive: true, force: true })
      }
    },
  )

  it('copies its programs where that user can go', { skip: reason }, async () => {
    await using dir = await directory()
    using _ = withoutUnshare()
    const hidden = join(dir.path, 'native')
    await cp(installedNative(), hidden, { recursive: true, verbatimSymlinks: true })
    const data = join(dir.path, 'data')
    const place = await choosePlace(data, silentLog, hidden)
    try {
      assert.ok(place.runAs.by === 'user')
      assert.match(place.native, /^\/var\/lib\/skerry-/)
      await initialize(place, 'secret')
      assert.equal((await choosePlace(data, silentLog, hidden)).native, place.native)
    } finally {
      await rm(dirname(place.native), { recursive: true, force: true })
    }
  })
})

/** Hides the programs of the path, as on a machine that lacks them. */
function withoutUnshare(): Disposable {
  const path = process.env['PATH']
  process.env['PATH'] = '/nonexistent'
  return {
    [Symbol.dispose]: () => {
      process.env['PATH'] = path
    },
  }
}

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt()
    } catch (thrown) {
      if (tries > 200) throw thrown
      await systemClock.sleep(50)
    }
  }
}
