import type { Clock } from '@skerry/base/clock'
import pg from 'pg'
import { connectWaitMsMax, postgresOwnWaitMsMax, postgresPollMs } from './limits.ts'
import { postgresUser } from './postgres-process.ts'

export type Access = {
  readonly port: number
  readonly password: string
  readonly dataDir: string
}

export type Owner = {
  readonly client: pg.Client
  /** Resolves when the connection, and with it the lock, is gone. */
  readonly ended: Promise<void>
}

/** The lock that the hub holds which runs this PostgreSQL. Any number will do; it must not change. */
const ownerLock = 5_307_531

/** The server is not there yet, or going, or not ours: look again. */
const retriedCodes = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', '57P03', '57P01', '57P02'])

/**
 * A connection that holds the lock of the owner. Undefined: nobody answers yet. Throws when another live
 * hub has the lock.
 */
export async function connectOwner(access: Access, clock: Clock): Promise<Owner | undefined> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: access.port,
    user: postgresUser,
    password: access.password,
    database: 'postgres',
    application_name: 'skerry-owner',
    keepAlive: true,
    connectionTimeoutMillis: connectWaitMsMax,
  })
  // The end of the connection is what is watched; the error comes before it.
  client.on('error', () => {})
  const ended = new Promise<void>((resolve) => {
    client.once('end', () => resolve())
  })
  try {
    await client.connect()
    const { rows } = await client.query<{ directory: string }>(
      `select current_setting('data_directory') as directory`,
    )
    if (rows[0]?.directory !== access.dataDir) {
      await client.end()
      return undefined
    }
    await takeLock(client, access, clock)
    return { client, ended }
  } catch (thrown) {
    await client.end().catch(() => {})
    const { code, message } = thrown as { code?: string; message: string }
    if (code === '28P01')
      throw new Error(
        `PostgreSQL of ${access.dataDir} refuses the password in the file postgres-password: put the right file back.`,
        { cause: thrown },
      )
    if (retriedCodes.has(code ?? '') || /Connection terminated|timeout/.test(message))
      return undefined
    throw thrown
  }
}

async function takeLock(client: pg.Client, { dataDir }: Access, clock: Clock): Promise<void> {
  const deadlineMs = clock.monotonicMs() + postgresOwnWaitMsMax
  for (;;) {
    const { rows } = await client.query<{ taken: boolean }>(
      'select pg_try_advisory_lock($1) as taken',
      [ownerLock],
    )
    if (rows[0]?.taken === true) return
    if (clock.monotonicMs() > deadlineMs)
      throw new Error(
        `The data directory ${dataDir} is in use by another hub that is running: stop that one first, or give this one a directory of its own.`,
      )
    await clock.sleep(postgresPollMs)
  }
}

/** `name` is one of ours: an identifier without quotes. */
export async function ensureDatabase(client: pg.Client, name: string): Promise<void> {
  const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
  if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}`)
}
