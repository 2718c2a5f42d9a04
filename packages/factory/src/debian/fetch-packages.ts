import { stat, utimes } from 'node:fs/promises'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { type Clock, systemClock } from '@skerry/base/clock'
import { type FactoryCache, packagePath } from './factory-cache.ts'
import { type FetchOptions, fetchPackage } from './fetch-package.ts'
import { findMirror } from './find-mirror.ts'
import { fetchesAtOnce } from './limits.ts'
import type { LockedPackage } from './locked-package.ts'
import type { OnProgress } from './progress.ts'

export type FetchPackagesOptions = {
  /** Name of the set, for progress. */
  readonly what: string
  /** Asked for only when something is missing: what is cached builds without any mirror. */
  readonly mirror?: FetchOptions['mirror']
  readonly clock?: Clock
  readonly onProgress?: OnProgress
}

/** Brings what is missing of some packages into the cache, four at once. */
export async function fetchPackages(
  cache: FactoryCache,
  packages: readonly LockedPackage[],
  options: FetchPackagesOptions,
  signal?: AbortSignal,
): Promise<void> {
  const clock = options.clock ?? systemClock
  const missing = await missingPackages(cache, packages, clock)
  if (missing.length === 0) return
  const mirror = options.mirror ?? (await findMirror())
  const total = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  let done = 0
  const onBytes = (count: number) => {
    done = Math.min(total, done + count)
    options.onProgress?.({ step: 'fetch', what: options.what, done, total, unit: 'bytes' })
  }
  // The first failure stops the others: none is of use without all.
  const failed = new AbortController()
  const stop = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal])
  // Large ones first, so that none is left alone at the end.
  const queue = missing.toSorted((left, right) => left.sizeBytes - right.sizeBytes)
  const work = async () => {
    for (let each = queue.pop(); each !== undefined; each = queue.pop())
      await fetchPackage(each, { cache, mirror, clock, onBytes }, stop)
  }
  const workers = Array.from({ length: fetchesAtOnce }, () =>
    work().catch((error: unknown) => {
      failed.abort(error)
      throw error
    }),
  )
  await tellStorageErrors(cache.directory, async () => {
    const ends = await Promise.allSettled(workers)
    if (ends.some(({ status }) => status === 'rejected')) throw stop.reason
  })
}

/** What is not there whole. What is there was used now, which keeps it from being pruned. */
export async function missingPackages(
  cache: FactoryCache,
  packages: readonly LockedPackage[],
  clock: Pick<Clock, 'now'>,
): Promise<LockedPackage[]> {
  const missing: LockedPackage[] = []
  const now = clock.now() / 1000
  for (const each of packages) {
    const path = packagePath(cache, each.sha256)
    const found = await stat(path).catch(() => undefined)
    if (found?.size !== each.sizeBytes) missing.push(each)
    else await utimes(path, now, now).catch(() => undefined)
  }
  return missing
}
