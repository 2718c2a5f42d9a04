import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDirectory } from '@skerry/artifact/write-file-atomic'
import { toError } from '@skerry/base/assert'
import { backoffMs } from '@skerry/base/backoff'
import { type Clock, systemClock } from '@skerry/base/clock'
import { type Random, systemRandom } from '@skerry/base/random'
import { archiveOf } from './apt-output.ts'
import type { Mirror } from './apt-sources.ts'
import { DebianError } from './debian-error.ts'
import { type FactoryCache, packagePath } from './factory-cache.ts'
import { fetchIdleMs, fetchRetryFirstMs, fetchRetryMaxMs, fetchTriesMax } from './limits.ts'
import type { LockedPackage } from './locked-package.ts'

export type FetchOptions = {
  readonly cache: FactoryCache
  readonly mirror: Mirror
  readonly clock?: Clock
  readonly random?: Random
  readonly idleMs?: number
  /** How many bytes came, each time some did. */
  readonly onBytes?: (count: number) => void
}

/** Where a package lies at a mirror. */
export function packageAddress(mirror: Mirror, each: LockedPackage): string {
  const path = each.file.split('/').map(encodeURIComponent).join('/')
  return `${archiveOf(mirror, each.suite)}/${path}`
}

/**
 * Brings one package into the cache. What had come before a cut is kept and gone on with, also by
 * another process; nothing gets the package's name but the bytes that the lock names.
 */
export async function fetchPackage(
  each: LockedPackage,
  options: FetchOptions,
  signal?: AbortSignal,
): Promise<void> {
  await using partial = await openPartial(options.cache, each)
  let idleTries = 0
  for (;;) {
    const before = partial.sizeBytes
    const failure = await fetchOnce(each, partial, options, signal)
    signal?.throwIfAborted()
    if (failure === undefined) break
    // Wrong bytes may be a bad moment of a proxy, once; they are not the weather.
    const weight = failure.reason === 'WrongBytes' ? fetchTriesMax / 2 : 1
    idleTries = partial.sizeBytes > before ? 0 : idleTries + weight
    const isFinal = failure.reason === 'PackageGone' || idleTries >= fetchTriesMax
    if (isFinal) throw failure
    const retry = { firstMs: fetchRetryFirstMs, maxMs: fetchRetryMaxMs }
    const delayMs = backoffMs(idleTries, retry, options.random ?? systemRandom)
    await (options.clock ?? systemClock).sleep(delayMs, signal)
  }
  await partial.adopt(packagePath(options.cache, each.sha256))
}

async function fetchOnce(
  each: LockedPackage,
  partial: Partial,
  options: FetchOptions,
  signal?: AbortSignal,
): Promise<DebianError | undefined> {
  if (partial.sizeBytes < each.sizeBytes) {
    const failure = await receive(each, partial, options, signal)
    if (failure !== undefined) return failure
  }
  const [sha256, sizeBytes] = [partial.sha256(), partial.sizeBytes]
  if (sha256 === each.sha256) return undefined
  if (sizeBytes < each.sizeBytes)
    return unreachable(each, options, `only ${sizeBytes} of ${each.sizeBytes} bytes came`)
  await partial.clear()
  return new DebianError(
    'WrongBytes',
    `${packageAddress(options.mirror, each)} has the SHA-256 ${sha256}, and the lock says ${each.sha256}: ` +
      'nothing of it was used. Try another mirror (SKERRY_DEBIAN_MIRROR).',
  )
}

async function receive(
  each: LockedPackage,
  partial: Partial,
  options: FetchOptions,
  signal?: AbortSignal,
): Promise<DebianError | undefined> {
  const idle = new AbortController()
  const stop = signal === undefined ? idle.signal : AbortSignal.any([idle.signal, signal])
  const watch = watchIdle(idle, options)
  try {
    const range = partial.sizeBytes > 0 ? { range: `bytes=${partial.sizeBytes}-` } : {}
    const answer = await fetch(packageAddress(options.mirror, each), {
      headers: { 'accept-encoding': 'identity', ...range },
      signal: stop,
    })
    if (answer.status === 404 || answer.status === 410) return gone(each)
    // A mirror that knows no ranges sends all of it again; one that dislikes ours is asked for all.
    if (answer.status !== 206) await partial.clear()
    if (!answer.ok || answer.body === null) {
      await answer.body?.cancel()
      return unreachable(each, options, `it answered ${answer.status}`)
    }
    for await (const chunk of answer.body) {
      watch.fed()
      await partial.append(chunk.subarray(0, each.sizeBytes - partial.sizeBytes))
      options.onBytes?.(chunk.length)
      if (partial.sizeBytes >= each.sizeBytes) break
    }
    return undefined
  } catch (error) {
    if (isDiskError(error)) throw error
    const cause = toError(error).cause
    const why = cause === undefined ? toError(error).message : toError(cause).message
    return unreachable(each, options, idle.signal.aborted ? 'no byte came for long' : why)
  } finally {
    watch.stop()
  }
}

/** Aborts when nothing has come for a while. */
function watchIdle(idle: AbortController, options: FetchOptions) {
  const clock = options.clock ?? systemClock
  const idleMs = options.idleMs ?? fetchIdleMs
  const stopped = new AbortController()
  let fedAtMs = clock.monotonicMs()
  const watch = async () => {
    while (!stopped.signal.aborted) {
      const leftMs = fedAtMs + idleMs - clock.monotonicMs()
      if (leftMs <= 0) return idle.abort(new Error('idle'))
      await clock.sleep(leftMs, stopped.signal).catch(() => undefined)
    }
  }
  void watch()
  const fed = () => {
    fedAtMs = clock.monotonicMs()
  }
  return { fed, stop: () => stopped.abort() }
}

function isDiskError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? ''
  return ['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO'].includes(code)
}

function gone(each: LockedPackage): DebianError {
  return new DebianError(
    'PackageGone',
    `The mirror has no ${each.name} ${each.version} any more, as mirrors drop old versions: ` +
      'run `skerry image lock --update`, with `-f` and the schematic if it names the package.',
  )
}

function unreachable(each: LockedPackage, options: FetchOptions, why: string): DebianError {
  const host = new URL(packageAddress(options.mirror, each)).host
  return new DebianError(
    'Unreachable',
    `${each.name} ${each.version} could not be fetched from ${host}: ${why}. ` +
      'What came is kept; try again, or name another mirror by SKERRY_DEBIAN_MIRROR.',
  )
}

/** What has come of a package so far. */
type Partial = AsyncDisposable & {
  readonly sizeBytes: number
  append(bytes: Uint8Array): Promise<void>
  clear(): Promise<void>
  sha256(): string
  /** Makes it durable under its name. */
  adopt(path: string): Promise<void>
}

let opened = 0

async function openPartial(cache: FactoryCache, each: LockedPackage): Promise<Partial> {
  const path = join(cache.incoming, `${each.sha256}.${process.pid}.${(opened += 1)}.part`)
  await claim(cache, each.sha256, path)
  const file = await open(path, 'a+')
  let hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of createReadStream(path, { end: each.sizeBytes - 1 })) {
    hash.update(chunk as Buffer)
    sizeBytes += (chunk as Buffer).length
  }
  let isAdopted = false
  return {
    get sizeBytes() {
      return sizeBytes
    },
    async append(bytes) {
      await file.appendFile(bytes)
      hash.update(bytes)
      sizeBytes += bytes.length
    },
    async clear() {
      await file.truncate(0)
      hash = createHash('sha256')
      sizeBytes = 0
    },
    sha256: () => hashSoFar(hash),
    async adopt(to) {
      await adopt(file, path, to)
      isAdopted = true
    },
    async [Symbol.asyncDispose]() {
      await file.close()
      if (isAdopted) return
      if (sizeBytes === 0) await rm(path, { force: true })
      else await rename(path, join(cache.incoming, `${each.sha256}.0.0.part`))
    },
  }
}

function hashSoFar(hash: Hash): string {
  return hash.copy().digest('hex')
}

async function adopt(file: FileHandle, from: string, to: string): Promise<void> {
  await file.sync()
  await mkdir(dirname(to), { recursive: true })
  await rename(from, to)
  await syncDirectory(dirname(to))
}

/** Takes over what a process left that gave up or died: by rename, so only one gets it. */
async function claim(cache: FactoryCache, sha256: string, path: string): Promise<void> {
  const names = await readdir(cache.incoming)
  for (const name of names) {
    const found = /^([0-9a-f]{64})\.(\d+)\.\d+\.part$/.exec(name)
    if (found === null || found[1] !== sha256 || isAlive(Number(found[2]))) continue
    const isOurs = await rename(join(cache.incoming, name), path).then(
      () => true,
      () => false,
    )
    if (isOurs) return
  }
}

/** A process that gives up leaves its part under number 0. */
function isAlive(pid: number): boolean {
  if (pid === 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
