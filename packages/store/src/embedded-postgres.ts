import { randomBytes } from 'node:crypto'
import { chmod, mkdir, readFile, realpath, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import {
  postgresLaunchPauseMs,
  postgresLaunchWaitMsMax,
  postgresPollMs,
  postgresRestartPauseMs,
  postgresStartWaitMsMax,
  postgresStopWaitMsMax,
} from './limits.ts'
import { type Access, type Owner, connectOwner, ensureDatabase } from './postgres-owner.ts'
import { type PostgresPlace, choosePlace } from './postgres-place.ts'
import {
  dataDirOf,
  ensureExecutable,
  findRunning,
  freePort,
  initialize,
  lastLogLines,
  launch,
} from './postgres-process.ts'

export type EmbeddedPostgresOptions = {
  /** Made if it is missing. PostgreSQL gets the directory `postgres` in it. */
  readonly dataDir: string
  readonly log: Log
  readonly clock: Clock
  /** Absent: any that is free. */
  readonly port?: number
  /** False only for tests: a power cut may then lose the database. */
  readonly isDurable?: boolean
}

export type EmbeddedPostgres = AsyncDisposable & { readonly databaseUrl: string }

const database = 'skerry'
const majorVersion = '18'

/**
 * Runs the PostgreSQL that comes with npm over a data directory, and runs it again when it dies. One
 * that a killed hub left behind is adopted. A second hub on the same directory is refused: the owner
 * holds a lock within PostgreSQL itself, which its death releases.
 */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
): Promise<EmbeddedPostgres> {
  const { dataDir, password, place } = await prepare(resolve(options.dataDir), options.log)
  const server = {
    ...options,
    place,
    password,
    dataDir,
    logFile: join(dataDir, 'postgres.log'),
  }
  const first = await run(server, options.port)
  const supervisor = supervise(server, first)
  try {
    await ensureDatabase(first.owner.client, database)
  } catch (thrown) {
    await supervisor.stop()
    throw thrown
  }
  return {
    databaseUrl: `postgres://skerry:${password}@127.0.0.1:${first.port}/${database}`,
    [Symbol.asyncDispose]: () => supervisor.stop(),
  }
}

type Server = Omit<EmbeddedPostgresOptions, 'port'> & {
  readonly place: PostgresPlace
  readonly password: string
  readonly logFile: string
}

/** A PostgreSQL that runs and is ours. */
type Running = { readonly pid: number; readonly port: number; readonly owner: Owner }

async function prepare(
  wantedDir: string,
  log: Log,
): Promise<{ dataDir: string; password: string; place: PostgresPlace }> {
  try {
    await mkdir(wantedDir, { recursive: true, mode: 0o700 })
    // One directory, one name: it is how a PostgreSQL that was left behind is known.
    const dataDir = await realpath(wantedDir)
    const password = await passwordOf(join(dataDir, 'postgres-password'))
    const place = await choosePlace(dataDir, log)
    await ensureExecutable(place).catch(() => {})
    const version = await readFile(join(dataDirOf(place), 'PG_VERSION'), 'utf8').catch(
      () => undefined,
    )
    if (version === undefined) await initialize(place, password)
    else if (version.trim() !== majorVersion)
      throw new Error(
        `${dataDirOf(place)} was made by PostgreSQL ${version.trim()}; this is ${majorVersion}: restore a backup into a new data directory.`,
      )
    return { dataDir, password, place }
  } catch (thrown) {
    const { code, message } = toError(thrown) as NodeJS.ErrnoException
    if (code === undefined) throw thrown
    throw new Error(
      `The data directory ${wantedDir} cannot be used (${code}): give the hub one that it may write. ${message}`,
      { cause: thrown },
    )
  }
}

async function passwordOf(path: string): Promise<string> {
  const password = randomBytes(24).toString('hex')
  try {
    await writeFile(path, password, { mode: 0o600, flag: 'wx' })
    return password
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown
    await chmod(path, 0o600)
    const kept = (await readFile(path, 'utf8')).trim()
    if (kept !== '') return kept
    // A power cut came between the making of the file and its content: there is no database yet.
    await writeFile(path, password)
    return password
  }
}

/** Adopts what runs, or starts it; answers when it is ready and ours. */
async function run(
  server: Server,
  wantedPort: number | undefined,
  signal?: AbortSignal,
): Promise<Running> {
  const { clock, log, place, password, logFile } = server
  const deadlineMs = clock.monotonicMs() + postgresStartWaitMsMax
  const launcher = createLauncher(server, wantedPort)
  while (clock.monotonicMs() < deadlineMs && signal?.aborted !== true) {
    const found = await findRunning(place)
    if (found === undefined) await launcher.ensureLaunched()
    if (found?.port !== undefined && found.isReady) {
      const { pid, port } = found
      const access: Access = { port, password, dataDir: dataDirOf(place) }
      const owner = await connectOwner(access, clock)
      if (owner !== undefined) {
        log.info(pid === launcher.pid ? 'PostgreSQL started' : 'PostgreSQL adopted', { pid, port })
        return { pid, port, owner }
      }
    }
    await clock.sleep(postgresPollMs)
  }
  throw new Error(`PostgreSQL does not answer: ${await lastLogLines(logFile)}`)
}

/** Starts the server, and again when it ends by itself: one that is going down may still hold the data. */
function createLauncher(server: Server, wantedPort: number | undefined) {
  const { clock, place, logFile, isDurable = true } = server
  const giveUpMs = clock.monotonicMs() + postgresLaunchWaitMsMax
  let child: { pid: number; hasExited: boolean } | undefined
  return {
    get pid() {
      return child?.pid
    },
    ensureLaunched: async (): Promise<void> => {
      if (child !== undefined && !child.hasExited) return
      if (child !== undefined && clock.monotonicMs() > giveUpMs)
        throw new Error(`PostgreSQL does not start: ${await lastLogLines(logFile)}`)
      if (child !== undefined) await clock.sleep(postgresLaunchPauseMs)
      const port = wantedPort ?? (await freePort())
      const { pid, exited } = await launch(place, { port, logFile, isDurable })
      const launched = { pid, hasExited: false }
      child = launched
      const onExit = (): void => {
        launched.hasExited = true
      }
      exited.then(onExit, onExit)
    },
  }
}

function supervise(server: Server, first: Running): { stop(): Promise<void> } {
  const { log, clock } = server
  const stopped = new AbortController()
  let current = first
  const watchOver = async (): Promise<void> => {
    for (;;) {
      await current.owner.ended
      if (stopped.signal.aborted) return
      const { port } = current
      log.warn('PostgreSQL went away: starting it again', { port })
      for (let isBack = false; !isBack && !stopped.signal.aborted;) {
        try {
          current = await run(server, port, stopped.signal)
          isBack = true
        } catch (thrown) {
          if (stopped.signal.aborted) return
          log.error('PostgreSQL could not be started again', { error: toError(thrown).message })
        }
        // Not in a tight circle, whatever ails it.
        await clock.sleep(postgresRestartPauseMs, stopped.signal).catch(() => {})
      }
      if (stopped.signal.aborted) return
    }
  }
  const over = watchOver()
  return {
    stop: async () => {
      stopped.abort()
      await current.owner.client.end()
      await over
      await current.owner.client.end()
      await shutDown(server.place, clock)
    },
  }
}

async function shutDown(place: PostgresPlace, clock: Clock): Promise<void> {
  const pid = (await findRunning(place))?.pid
  if (pid === undefined) return
  const isThere = async () => (await findRunning(place))?.pid === pid
  // Fast shutdown; then immediate, from which PostgreSQL recovers as from a power cut.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    const deadlineMs = clock.monotonicMs() + postgresStopWaitMsMax
    if (!(await isThere())) return
    process.kill(pid, signal)
    while ((await isThere()) && clock.monotonicMs() < deadlineMs) await clock.sleep(postgresPollMs)
  }
}
