import pg from 'pg'
import { connectWaitMsMax, lockHeldMsMax, queryWaitMsMax, readConnectionsMax } from './limits.ts'

const sessionOptions = '-c random_page_cost=1.1'

const settings = {
  application_name: 'skerry-hub',
  connectionTimeoutMillis: connectWaitMsMax,
  query_timeout: queryWaitMsMax,
  keepAlive: true,
  // A hub that was stopped in the middle of a write must not stop the others.
  idle_in_transaction_session_timeout: lockHeldMsMax,
  // Reading here and there costs little on today's disks: indexes answer, whatever share of a table is asked for.
  options: sessionOptions,
} as const

export function createReadPool(databaseUrl: string): pg.Pool {
  const pool = new pg.Pool({ ...settings, connectionString: databaseUrl, max: readConnectionsMax })
  // A connection that dies while idle is replaced by the next question.
  pool.on('error', () => {})
  return pool
}

/** `pipeline`: questions are sent before the answers to those before them have come. */
export type ConnectOptions = {
  readonly pipeline?: boolean
  /** Settings of the session, `-c NAME=VALUE`. */
  readonly options?: string
}

export async function connect(
  databaseUrl: string,
  options: ConnectOptions = {},
): Promise<pg.Client> {
  const client = new pg.Client({
    ...settings,
    ...options,
    options: `${sessionOptions} ${options.options ?? ''}`,
    connectionString: databaseUrl,
  })
  // Whoever asks next hears of it.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (thrown) {
    hangUp(client)
    throw thrown
  }
}

/** Ends a connection without a word to the other side, which may no longer be there to answer. */
export function hangUp(client: pg.Client): void {
  client.connection.stream.destroy()
}

/** A connection that is made when needed and thrown away after any failure. */
export type Connection = AsyncDisposable & {
  use<T>(work: (client: pg.Client) => Promise<T>): Promise<T>
}

export function createConnection(databaseUrl: string, options: ConnectOptions = {}): Connection {
  let client: pg.Client | undefined
  const open = async (): Promise<pg.Client> => {
    const opened = await connect(databaseUrl, options)
    opened.once('end', () => {
      if (client === opened) client = undefined
    })
    client = opened
    return opened
  }
  return {
    use: async (work) => {
      const used = client ?? (await open())
      try {
        return await work(used)
      } catch (thrown) {
        // Whether it committed is not known; closing rolls back what did not.
        if (client === used) client = undefined
        hangUp(used)
        throw thrown
      }
    },
    [Symbol.asyncDispose]: async () => {
      await client?.end().catch(() => {})
    },
  }
}
