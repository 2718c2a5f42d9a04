import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import { namespaceKind } from '@skerry/api/kinds/core'
import type { State } from '@skerry/api/state'
import { isApiError } from '@skerry/api/status'
import type { Pool } from 'pg'
import { type Sealer, createBodyCodec } from './body-seal.ts'
import { startChangeReader } from './change-reader.ts'
import { commitBatch } from './commit-batch.ts'
import { asking } from './database-error.ts'
import type { HubStore } from './hub-store.ts'
import { createKnownTexts } from './known-texts.ts'
import { createLedgerState } from './ledger-state.ts'
import { changesKeptMax, compactionIntervalMs, compactionSliceMax } from './limits.ts'
import { migrate } from './migrate.ts'
import { connect, createConnection, createReadPool } from './postgres-connections.ts'
import { createPostgresLedger } from './postgres-ledger.ts'
import { createPostgresRollups } from './postgres-rollups.ts'
import { type SpecListener, createPostgresSpecs } from './postgres-specs.ts'
import { hasLz4 } from './sql/has-lz4.ts'
import { compactChanges } from './sql/compact-changes.ts'
import { readEpoch } from './sql/read-epoch.ts'
import { readVersion } from './sql/read-version.ts'
import { createWatchHub } from './watch-hub.ts'
import { createWriteQueue } from './write-queue.ts'

export type PostgresStoreOptions = {
  readonly databaseUrl: string
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Absent: Secrets are stored as they are. */
  readonly sealer?: Sealer
  /** Changes that are kept for watchers that come back. */
  readonly changesKept?: number
  /** Told of every commit. */
  readonly meter?: { committed(batch: { writes: number; durationMs: number }): void }
}

/**
 * Everything that a hub keeps, in PostgreSQL. Any number of hub processes may share one database. Makes
 * the tables that are missing and the namespace `default`.
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<HubStore> {
  const { databaseUrl, clock } = options
  await using opening = new AsyncDisposableStack()
  const setup = await asking(() => connect(databaseUrl))
  const { epoch, version, isFast } = await (async () => {
    try {
      await migrate(setup, clock)
      const isFast = await hasLz4(setup)
      return { epoch: await readEpoch(setup), version: await readVersion(setup), isFast }
    } finally {
      await setup.end()
    }
  })()

  const codec = createBodyCodec(options.sealer)
  const known = createKnownTexts()
  const listeners = new Set<SpecListener>()
  const pool = createReadPool(databaseUrl)
  opening.defer(() => pool.end())
  const watchHub = opening.use(createWatchHub(version, clock))
  const onSpec: SpecListener = (siteUid) => {
    for (const listener of listeners) listener(siteUid)
  }
  const reader = opening.use(startChangeReader({ ...options, watchHub, codec, onSpec }))
  const writer = opening.use(
    createConnection(databaseUrl, {
      pipeline: true,
      ...(isFast ? { options: '-c default_toast_compression=lz4' } : {}),
    }),
  )
  const queue = opening.use(
    createWriteQueue(async (writes) => {
      const startedMs = clock.monotonicMs()
      const { outcomes, changes } = await writer.use((client) =>
        commitBatch(client, writes, { codec, known, nowMs: clock.now() }),
      )
      options.meter?.committed({
        writes: writes.length,
        durationMs: clock.monotonicMs() - startedMs,
      })
      reader.offer(changes)
      return outcomes
    }),
  )
  opening.use(startCompaction(pool, options))
  const ledger = createPostgresLedger({ pool, codec, known, write: (write) => queue.add(write) })
  const state = createLedgerState({ ...options, ledger, watchHub })
  await ensureDefaultNamespace(state)

  const stack = opening.move()
  return {
    state,
    texts: state,
    specs: createPostgresSpecs(pool, listeners),
    rollups: createPostgresRollups(pool),
    epoch,
    figures: {
      queuedWrites: () => queue.waiting,
      changesBehind: async () =>
        Math.max(0, (await asking(() => readVersion(pool))) - watchHub.seen),
    },
    ping: async () => {
      await asking(() => readVersion(pool))
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

async function ensureDefaultNamespace(state: State): Promise<void> {
  if ((await state.get(namespaceKind, { name: 'default' })) !== undefined) return
  try {
    await state.create(namespaceKind, { metadata: { name: 'default' } })
  } catch (thrown) {
    // Another hub that starts at the same moment was faster.
    if (!isApiError(thrown, 'AlreadyExists')) throw thrown
  }
}

/** Forgets old changes now and then. Several processes doing so do not disturb each other. */
function startCompaction(pool: Pool, options: PostgresStoreOptions): AsyncDisposable {
  const { clock, log, changesKept = changesKeptMax } = options
  const stopped = new AbortController()
  const compact = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await clock.sleep(compactionIntervalMs, stopped.signal).catch(() => {})
      if (stopped.signal.aborted) return
      try {
        while ((await compactChanges(pool, changesKept, compactionSliceMax)) >= compactionSliceMax);
      } catch (thrown) {
        log.warn('Old changes could not be removed', { error: toError(thrown).message })
      }
    }
  }
  const compacting = compact()
  return {
    [Symbol.asyncDispose]: async () => {
      stopped.abort()
      await compacting
    },
  }
}
