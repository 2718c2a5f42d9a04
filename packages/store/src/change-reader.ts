import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { Client } from 'pg'
import type { BodyCodec } from './body-seal.ts'
import type { Change } from './ledger.ts'
import { changePageMax, changePollIntervalMs, reconnectFirstMs, reconnectMaxMs } from './limits.ts'
import { connect, hangUp } from './postgres-connections.ts'
import { changeOf } from './postgres-ledger.ts'
import { changesChannel, specsChannel } from './sql/channels.ts'
import { readChanges } from './sql/read-changes.ts'
import { readVersion } from './sql/read-version.ts'
import type { WatchHub } from './watch-hub.ts'

export type ChangeReaderOptions = {
  readonly databaseUrl: string
  readonly watchHub: WatchHub
  readonly codec: BodyCodec
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Called with the uid of a site whose spec changed, with undefined when some may have been missed. */
  readonly onSpec: (siteUid: string | undefined) => void
}

/** Follows the log of changes and gives it to the watchers of this process. */
export type ChangeReader = AsyncDisposable & {
  /** What this process has just committed: given out at once if nothing is missing before it. */
  offer(changes: readonly Change[]): void
}

export function startChangeReader(options: ChangeReaderOptions): ChangeReader {
  const { clock, random, log } = options
  const stopped = new AbortController()
  const bell = createBell()
  const follow = async (): Promise<void> => {
    for (let failures = 0; !stopped.signal.aborted;) {
      let isConnected = false
      try {
        await followConnection(options, bell, stopped.signal, () => {
          if (failures > 0) log.info('The database answers again', { failures })
          failures = 0
          isConnected = true
        })
      } catch (thrown) {
        if (stopped.signal.aborted) return
        if (failures === 0 || isConnected)
          log.warn('The database does not answer; watches wait', { error: toError(thrown).message })
        const delays = { firstMs: reconnectFirstMs, maxMs: reconnectMaxMs }
        await clock.sleep(backoffMs(failures, delays, random), stopped.signal).catch(() => {})
        failures += 1
      }
    }
  }
  const following = follow()
  return {
    offer: (changes) => {
      const first = changes[0]
      if (first === undefined) return
      if (first.version === options.watchHub.seen + 1)
        options.watchHub.publish(changes, changes.at(-1)!.version)
      else bell.ring()
    },
    [Symbol.asyncDispose]: async () => {
      stopped.abort()
      bell.ring()
      await following
    },
  }
}

async function followConnection(
  options: ChangeReaderOptions,
  bell: Bell,
  signal: AbortSignal,
  onReady: () => void,
): Promise<void> {
  const { watchHub, clock, onSpec } = options
  const client = await connect(options.databaseUrl)
  let lost: Error | undefined
  client.on('error', (error) => (lost = error))
  client.on('end', () => {
    lost ??= new Error('The connection ended.')
    bell.ring()
  })
  client.on('notification', ({ channel, payload }) => {
    if (channel === specsChannel) onSpec(payload)
    // Our own are given out as soon as they are committed.
    else if (payload === '' || Number(payload) > watchHub.seen) bell.ring()
  })
  try {
    await client.query(`listen ${changesChannel}; listen ${specsChannel}`)
    onReady()
    // What was notified while nobody listened is lost.
    onSpec(undefined)
    while (!signal.aborted) {
      if (lost !== undefined) throw lost
      const rung = bell.wait()
      const isMore = await readPage(client, watchHub, options.codec)
      if (!isMore) await orPoll(rung, clock)
    }
    await client.end()
  } finally {
    hangUp(client)
  }
}

/** Gives out the next page of changes. Whether there may be more at once. */
async function readPage(client: Client, watchHub: WatchHub, codec: BodyCodec): Promise<boolean> {
  const query = { after: watchHub.seen, through: Number.MAX_SAFE_INTEGER, limit: changePageMax }
  const { horizon, changes } = await readChanges(client, query)
  // What was offered meanwhile has been given out.
  const news = changes.filter(({ version }) => version > watchHub.seen)
  const first = news[0]?.version
  const isMissed = watchHub.seen < horizon || (first !== undefined && first !== watchHub.seen + 1)
  if (isMissed) {
    watchHub.reset(await readVersion(client))
    return true
  }
  if (first !== undefined)
    watchHub.publish(
      news.map((row) => changeOf(row, codec)),
      news.at(-1)!.version,
    )
  return changes.length === changePageMax
}

type Bell = { ring(): void; wait(): Promise<void> }

/** Rings for whoever waits; a ring that nobody hears before `wait` is lost, so wait before looking. */
function createBell(): Bell {
  let waiting: (() => void)[] = []
  return {
    ring: () => {
      const woken = waiting
      waiting = []
      for (const wake of woken) wake()
    },
    wait: () =>
      new Promise((resolve) => {
        waiting.push(resolve)
      }),
  }
}

async function orPoll(rung: Promise<void>, clock: Clock): Promise<void> {
  const done = new AbortController()
  await Promise.race([rung, clock.sleep(changePollIntervalMs, done.signal).catch(() => {})])
  done.abort()
}
