import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@skerry/base/clock'
import type { FactoryCache } from './factory-cache.ts'
import { abandonedHours, millisecondsPerDay, unusedPackageDays } from './limits.ts'

export type Pruned = { readonly removed: number; readonly freedBytes: number }

/**
 * Removes packages that nothing named for 90 days, and what dead builds left half made. Trees and
 * roots are made again from packages, so they go once they are as old. Never runs by itself: a lock
 * whose packages the mirrors dropped builds only from here.
 */
export async function pruneCache(
  cache: FactoryCache,
  clock: Pick<Clock, 'now'>,
  unusedDays = unusedPackageDays,
): Promise<Pruned> {
  const unusedMs = unusedDays * millisecondsPerDay
  const shelves = (await readdir(cache.packages)).map((name) => join(cache.packages, name))
  const old = [
    ...(await olderThan(shelves, clock.now() - unusedMs)),
    ...(await olderThan([cache.trees, cache.roots], clock.now() - unusedMs)),
    ...(await abandoned(cache, clock)),
  ]
  return remove(old)
}

/** Removes what dead builds left half made: nothing is lost by it, so each build does it. */
export async function clearAbandoned(
  cache: Pick<FactoryCache, 'incoming'>,
  clock: Pick<Clock, 'now'>,
): Promise<Pruned> {
  return remove(await abandoned(cache, clock))
}

const abandoned = ({ incoming }: Pick<FactoryCache, 'incoming'>, clock: Pick<Clock, 'now'>) =>
  olderThan([incoming], clock.now() - abandonedHours * 3_600_000)

async function remove(old: readonly Entry[]): Promise<Pruned> {
  let freedBytes = 0
  for (const { path, sizeBytes } of old) {
    await rm(path, { recursive: true, force: true })
    freedBytes += sizeBytes
  }
  return { removed: old.length, freedBytes }
}

type Entry = { readonly path: string; readonly sizeBytes: number }

async function olderThan(directories: readonly string[], oldestMs: number): Promise<Entry[]> {
  const found: Entry[] = []
  for (const directory of directories)
    for (const name of await readdir(directory)) {
      const path = join(directory, name)
      const entry = await stat(path).catch(() => undefined)
      if (entry !== undefined && entry.mtimeMs < oldestMs)
        found.push({ path, sizeBytes: entry.isFile() ? entry.size : 0 })
    }
  return found
}
