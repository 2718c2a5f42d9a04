import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { cp, mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { syncDirectory, writeFileAtomic } from '@skerry/artifact/write-file-atomic'
import { toTimestamp } from '@skerry/base/clock'
import { exportStore, importStore } from '@skerry/store/backup'
import { startEmbeddedPostgres } from '@skerry/store/embedded-postgres'
import { connect } from '@skerry/store/postgres-connections'
import { readRunningHub } from './hub-endpoint-file.ts'
import { isHubLocked, lockDataDirectory } from './hub-lock.ts'
import type { Tools } from './hub-parts.ts'

/** What lies in a backup: one folder, whole or not there. */
type BackupFile = {
  readonly format: 'skerry-backup'
  readonly version: 1
  readonly time: string
  /** SHA-256 of `store.ndjson`, hexadecimal. */
  readonly storeDigest: string
}

/** Lies in a data folder while a restore is under way: a hub would take half of it for an empty hub. */
const unfinishedRestoreFile = 'restore-unfinished'

/** Throws a sentence when a restore into this folder was cut off. */
export async function assertRestoreFinished(data: string): Promise<void> {
  const source = await readFile(join(data, unfinishedRestoreFile), 'utf8').catch(() => undefined)
  if (source !== undefined)
    throw new Error(
      `The restore of ${source} into ${data} was cut off: remove ${data} and restore again.`,
    )
}

const storeFile = 'store.ndjson'
const manifestFile = 'backup.json'
/** The folders of a hub that belong together with its database. */
const folders = ['keys', 'registry'] as const

/**
 * Copies database, authority, keys and blobs of the hub in `data` into a new folder, while the hub runs
 * or when it does not. The database is first: what it speaks of is in the folders, which only grow.
 */
export async function backUp(data: string, target: string, tools: Tools): Promise<void> {
  if ((await readdir(target).catch(() => [])).length > 0)
    throw new Error(`${target} is not empty: name a new folder for the backup.`)
  await tellStorageErrors(target, () => copyAll(data, target, tools))
}

async function copyAll(data: string, target: string, tools: Tools): Promise<void> {
  const unfinished = `${target}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true, mode: 0o700 })
  await using database = await openDatabase(data, tools)
  await writeStore(database.databaseUrl, join(unfinished, storeFile))
  for (const folder of folders)
    await cp(join(data, folder), join(unfinished, folder), {
      recursive: true,
      preserveTimestamps: true,
    })
  const manifest: BackupFile = {
    format: 'skerry-backup',
    version: 1,
    time: toTimestamp(tools.clock.now()),
    storeDigest: await digestOfFile(join(unfinished, storeFile)),
  }
  await writeFileAtomic(join(unfinished, manifestFile), JSON.stringify(manifest), 0o600)
  await rm(target, { recursive: true, force: true })
  await rename(unfinished, target)
  await syncDirectory(dirname(target))
}

/**
 * Makes the hub of a backup in an empty folder. Begins a new epoch, with versions above all that the old
 * hub can have given out, so that every site and every watcher follows. Returns the epoch.
 */
export async function restore(source: string, data: string, tools: Tools): Promise<number> {
  await checkBackup(source)
  if ((await readdir(data).catch(() => [])).length > 0)
    throw new Error(`${data} is not empty: move it away, or name another folder with --data.`)
  return tellStorageErrors(data, () => putBack(source, data, tools))
}

async function putBack(source: string, data: string, tools: Tools): Promise<number> {
  using _ = lockDataDirectory(data)
  await writeFileAtomic(join(data, unfinishedRestoreFile), source, 0o600)
  for (const folder of folders)
    await cp(join(source, folder), join(data, folder), {
      recursive: true,
      preserveTimestamps: true,
    })
  await using postgres = await startEmbeddedPostgres({ dataDir: data, ...tools })
  const client = await connect(postgres.databaseUrl)
  try {
    const epoch = await importStore(client, linesOf(join(source, storeFile)), tools.clock)
    await rm(join(data, unfinishedRestoreFile))
    await syncDirectory(data)
    return epoch
  } finally {
    await client.end()
  }
}

async function checkBackup(source: string): Promise<void> {
  const text = await readFile(join(source, manifestFile), 'utf8').catch(() => undefined)
  if (text === undefined)
    throw new Error(`${source} is no backup: there is no ${manifestFile} in it.`)
  const manifest = JSON.parse(text) as Partial<BackupFile>
  if (manifest.format !== 'skerry-backup' || manifest.version !== 1)
    throw new Error(
      `${source} is a backup of another version: restore it with the hub that made it.`,
    )
  if ((await digestOfFile(join(source, storeFile))) !== manifest.storeDigest)
    throw new Error(
      `${join(source, storeFile)} was changed or damaged since the backup: use another one.`,
    )
}

/** The database of a hub: of the one that runs, or started for the time of the backup. */
async function openDatabase(
  data: string,
  tools: Tools,
): Promise<AsyncDisposable & { databaseUrl: string }> {
  if (isHubLocked(data)) {
    const running = await readRunningHub(data)
    if (running === undefined)
      throw new Error(`The hub in ${data} is starting or stopping: try again in a moment.`)
    return { databaseUrl: running.databaseUrl, [Symbol.asyncDispose]: async () => {} }
  }
  const lock = lockDataDirectory(data)
  const postgres = await startEmbeddedPostgres({ dataDir: data, ...tools })
  return {
    databaseUrl: postgres.databaseUrl,
    async [Symbol.asyncDispose]() {
      await postgres[Symbol.asyncDispose]()
      lock[Symbol.dispose]()
    },
  }
}

async function writeStore(databaseUrl: string, file: string): Promise<void> {
  const client = await connect(databaseUrl)
  try {
    const lines = Readable.from(withNewlines(exportStore(client)))
    await pipeline(lines, createWriteStream(file, { mode: 0o600 }))
  } finally {
    await client.end()
  }
  const handle = await open(file)
  await handle.sync()
  await handle.close()
}

/** Opened when the first line is asked for: what comes before somebody listens would be lost. */
async function* linesOf(file: string): AsyncGenerator<string> {
  yield* createInterface({ input: createReadStream(file) })
}

async function* withNewlines(lines: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const line of lines) yield `${line}\n`
}

async function digestOfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
