/** Every bound of the store, with its unit in its name. */

/** An object as JSON text. Kubernetes' etcd refuses at 1.5 MiB; ours hold baselines of models too. */
export const objectBytesMax = 3 * 2 ** 20

/** How deep an object may nest: deeper than any schema goes, and far from any stack's end. */
export const objectDepthMax = 100

/** Changes that wait for a slow watcher before it is cut off and has to list again. */
export const watchBufferChangesMax = 10_000

/** Text that waits for the slowest of those who watch the same: 10,000 objects of 4 kB are 40 MB. */
export const watchBufferCharactersMax = 48 * 2 ** 20

/** Watchers woken in one turn of the loop: about 2 ms of writing to their sockets. */
export const watchersWokenMax = 64

/** A quiet watcher that asked for bookmarks gets one this often, as Kubernetes does it. */
export const bookmarkIntervalMs = 60_000

/** Changes that memory keeps for watchers that come back. */
export const memoryChangesMax = 20_000

/** How often a generated name is tried again when it is taken. */
export const generatedNameTriesMax = 8

/** Writes that wait for a commit; beyond it the hub answers that it is busy. */
export const queuedWritesMax = 10_000

/** Writes that one transaction carries: 500 objects of 4 KiB are 2 MiB, a few milliseconds. */
export const batchWritesMax = 500

/** Text that one transaction carries, counted before the decisions are made. */
export const batchBytesMax = 16 * 2 ** 20

/** Changes read from the log at a time. */
export const changePageMax = 500

/**
 * Objects that a list reads at a time: 2 MiB of 4 KiB each, in memory while a client takes them. A page of
 * 500, as most clients ask for, and the one more that says whether there is a next page.
 */
export const sliceItemsMax = 501

/** Rows that are counted to say how many more a page leaves. */
export const countedRowsMax = 1_000_000

/** Single rows that one question carries, and questions at a time: what comes meanwhile waits for the next. */
export const rowBatchKeysMax = 500
export const rowBatchesMax = 2

/** Objects whose text is remembered after it was read or written: about 1,000 sites, 10 MB with what was parsed. */
export const knownTextsMax = 4_000
export const knownTextsCharactersMax = 4 * 2 ** 20

/** How often a list begins anew when the changes that it needs are forgotten meanwhile. */
export const listTriesMax = 3

/** Rollups of one batch. A site sends one per model and minute, so this is days of backlog. */
export const rollupBatchMax = 10_000

/** Rollups that one query answers: 100 sites, one model, a week of hours and more. */
export const rollupQueryMax = 200_000

/** PostgreSQL starts in 50 ms; after a power cut it replays up to 1 GiB of its log first. */
export const postgresStartWaitMsMax = 120_000

/** A fast shutdown writes a checkpoint. After this the shutdown is made immediate, which loses nothing either. */
export const postgresStopWaitMsMax = 30_000

/** How long the connection of a hub that was killed may hold on to its PostgreSQL. */
export const postgresOwnWaitMsMax = 3_000

export const postgresPollMs = 30

/** A server that ends at once is tried again for this long: the one before may still be going down. */
export const postgresLaunchWaitMsMax = 8_000
export const postgresLaunchPauseMs = 300

export const postgresRestartPauseMs = 1_000

/** A larger log is set aside as `postgres.log.1` at the next start. */
export const postgresLogBytesMax = 4 * 2 ** 20

/** Lines of the log that an error quotes. */
export const postgresLogLinesMax = 6

export const postgresConnectionsMax = 60

/** Connections for reading; a writer, a reader of changes and the owner have their own. */
export const readConnectionsMax = 8

/** How long a question to PostgreSQL may take before it counts as gone. */
export const queryWaitMsMax = 30_000
export const connectWaitMsMax = 5_000

/** How long a hub that stands still may hold the lock that all writers need. */
export const lockHeldMsMax = 10_000

/** Changes come by NOTIFY; should one be lost, by looking this often. */
export const changePollIntervalMs = 2_000

/** Delays between attempts to reach PostgreSQL again. */
export const reconnectFirstMs = 50
export const reconnectMaxMs = 2_000

/** Changes kept for watchers that come back: five minutes of 10,000 sites with one status a minute. */
export const changesKeptMax = 50_000
export const compactionIntervalMs = 60_000
/** Changes removed in one transaction. */
export const compactionSliceMax = 10_000

/** How far a restore moves the versions on: further than any hub can have come since the backup. */
export const epochVersionJump = 1_000_000

/** Rows of a backup that are read or written at a time. */
export const backupPageMax = 500
