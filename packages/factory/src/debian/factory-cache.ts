import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { tellStorageErrors } from '@skerry/artifact/storage-error'

/**
 * What is kept between builds; all of it can be made again. Several processes may use it at once:
 * whatever has its final name is complete, since it was made under another name, synced and
 * renamed.
 */
export type FactoryCache = {
  readonly directory: string
  /** Packages by digest: kept, so that a lock that was fetched once builds for ever. */
  readonly packages: string
  readonly trees: string
  readonly roots: string
  /** What is being made; on the same file system. */
  readonly incoming: string
  /** apt's own state, by the suites that were asked. */
  readonly apt: string
}

export function defaultCacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const base = environment['XDG_CACHE_HOME'] ?? ''
  return join(isAbsolute(base) ? base : join(homedir(), '.cache'), 'skerry', 'factory')
}

export async function openFactoryCache(
  directory: string = defaultCacheDirectory(),
): Promise<FactoryCache> {
  const cache = {
    directory,
    packages: join(directory, 'packages'),
    trees: join(directory, 'trees'),
    roots: join(directory, 'roots'),
    incoming: join(directory, 'incoming'),
    apt: join(directory, 'apt'),
  }
  await tellStorageErrors(directory, async () => {
    for (const path of Object.values(cache)) await mkdir(path, { recursive: true })
  })
  return cache
}

/** Where a package lies, whether it is there or not. */
export function packagePath(cache: FactoryCache, sha256: string): string {
  return join(cache.packages, sha256.slice(0, 2), `${sha256}.deb`)
}
