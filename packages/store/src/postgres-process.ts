import { type SpawnOptions, spawn } from 'node:child_process'
import {
  chmod,
  chown,
  open,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { postgresConnectionsMax, postgresLogBytesMax, postgresLogLinesMax } from './limits.ts'
import type { PostgresPlace } from './postgres-place.ts'
import {
  type PostmasterFile,
  type ProcessFacts,
  isPostmasterOf,
  parsePostmasterFile,
} from './postmaster-file.ts'

export const postgresUser = 'skerry'

export function dataDirOf(place: PostgresPlace): string {
  return join(place.home, 'data')
}

/**
 * Makes a new cluster, beside its place, and moves it there when it is whole: a start that was cut off
 * leaves nothing that looks like a database.
 */
export async function initialize(place: PostgresPlace, password: string): Promise<void> {
  const fresh = join(place.home, `new-${process.pid}`)
  const passwordFile = join(place.home, `password-${process.pid}`)
  try {
    await removeLeftovers(place.home)
    await writeFile(passwordFile, `${password}\n`, { mode: 0o600 })
    if (place.runAs.by === 'user') await chown(passwordFile, place.runAs.uid, place.runAs.gid)
    const auth = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`]
    const locale = ['--encoding=UTF8', '--locale=C']
    const args = ['-D', fresh, `--username=${postgresUser}`, ...auth, ...locale]
    const { code, output } = await runToEnd(place, 'initdb', args)
    if (code !== 0)
      throw new Error(`PostgreSQL could not make its data directory: ${reasonIn(output)}`)
    await rename(fresh, dataDirOf(place)).catch(async (thrown: unknown) => {
      // Another hub that started at the same moment was faster; who of us may run it is decided later.
      await stat(join(dataDirOf(place), 'PG_VERSION')).catch(() => {
        throw thrown
      })
    })
  } finally {
    await rm(passwordFile, { force: true })
    await rm(fresh, { recursive: true, force: true })
  }
}

/** What a start that was killed left behind; not what another hub is making at this moment. */
async function removeLeftovers(home: string): Promise<void> {
  for (const name of await readdir(home)) {
    const pid = /^(?:new|password)-(\d+)$/.exec(name)?.[1]
    if (pid !== undefined && !isAlive(Number(pid)))
      await rm(join(home, name), { recursive: true, force: true })
  }
}

/** Starts the server and answers its pid and how it ended, if it did. Its log is a file: it may outlive us. */
export async function launch(
  place: PostgresPlace,
  options: { readonly port: number; readonly logFile: string; readonly isDurable: boolean },
): Promise<{ readonly pid: number; readonly exited: Promise<number | null> }> {
  const logged = await stat(options.logFile).catch(() => undefined)
  if (logged !== undefined && logged.size > postgresLogBytesMax)
    await rename(options.logFile, `${options.logFile}.1`)
  const log = await open(options.logFile, 'a', 0o600)
  try {
    const settings = {
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      max_connections: String(postgresConnectionsMax),
      // One small server: no replicas to feed, no workers in reserve.
      wal_level: 'minimal',
      max_wal_senders: '0',
      max_logical_replication_workers: '0',
      io_method: 'sync',
      jit: 'off',
      log_checkpoints: 'off',
      log_timezone: 'UTC',
      timezone: 'UTC',
      ...(options.isDurable
        ? {}
        : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
    }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const args = ['-D', dataDirOf(place), '-p', String(options.port), ...flags]
    const child = spawnAs(place, 'postgres', args, {
      // A session of its own: Ctrl-C in the terminal is for the hub, which then stops it in order.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    })
    const exited = new Promise<number | null>((resolve, reject) => {
      child.once('exit', resolve)
      child.once('error', reject)
    })
    exited.catch(() => {})
    child.unref()
    if (child.pid === undefined) await exited
    return { pid: child.pid!, exited }
  } finally {
    await log.close()
  }
}

/**
 * The PostgreSQL that runs over the data directory, ours or one left behind. A pid file whose process is
 * gone, or is now another program, is removed: PostgreSQL itself would not start beside it.
 */
export async function findRunning(place: PostgresPlace): Promise<PostmasterFile | undefined> {
  const path = join(dataDirOf(place), 'postmaster.pid')
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const file = parsePostmasterFile(text)
  if (file !== undefined && isPostmasterOf(await factsOf(file.pid), dataDirOf(place))) return file
  await rm(path, { force: true })
  return undefined
}

async function factsOf(pid: number): Promise<ProcessFacts> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined)
  const directory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined)
  if (text !== undefined) return { commandLine: text.split('\0'), directory }
  const { stdout } = await runProgram('ps', ['-ww', '-o', 'command=', '-p', String(pid)])
  return { commandLine: stdout.trim().split(/\s+/), directory }
}

/** Whether there is a process with this number. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('No TCP port is free.')
  return address.port
}

/** What the server last said, for an error. */
export async function lastLogLines(logFile: string): Promise<string> {
  return reasonIn(await readFile(logFile, 'utf8').catch(() => ''))
}

/** One sentence for what an operator can mend; else the last lines. */
export function reasonIn(output: string): string {
  const last = lastLines(output)
  return last.includes('No space left on device')
    ? 'its disk has no space left: free some or enlarge the disk.'
    : last
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-postgresLogLinesMax).join(' | ')
}

async function runToEnd(place: PostgresPlace, program: string, args: readonly string[]) {
  const child = spawnAs(place, program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, output: Buffer.concat(chunks).toString() }
}

async function runProgram(program: string, args: readonly string[]): Promise<{ stdout: string }> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  await new Promise((resolve) => {
    child.once('error', resolve)
    child.once('close', resolve)
  })
  return { stdout: Buffer.concat(chunks).toString() }
}

function spawnAs(
  { native, runAs }: PostgresPlace,
  program: string,
  args: readonly string[],
  options: SpawnOptions,
) {
  const path = join(native, 'bin', program)
  const isWrapped = runAs.by === 'namespace'
  const command = isWrapped ? runAs.program : path
  return spawn(command, isWrapped ? [...runAs.args, path, ...args] : args, {
    ...options,
    cwd: '/',
    env: { PATH: process.env['PATH'], LC_ALL: 'C' },
    ...(runAs.by === 'user' ? { uid: runAs.uid, gid: runAs.gid } : {}),
  })
}

/** npm may unpack programs without their permission to run. */
export async function ensureExecutable({ native }: PostgresPlace): Promise<void> {
  for (const program of ['initdb', 'postgres']) {
    const path = join(native, 'bin', program)
    const { mode } = await stat(path)
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
  }
}
