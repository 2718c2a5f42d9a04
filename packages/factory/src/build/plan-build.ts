import { lstat, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { lockedSet, packagesDigest } from '../debian/ensure-tree.ts'
import { missingPackages } from '../debian/fetch-packages.ts'
import type { BuildContext } from './build-context.ts'
import { BuildError } from './build-error.ts'
import type { DiskFormatName } from './disk-step.ts'
import { spareBytes, unknownRootBytes } from './limits.ts'
import { neededSets } from './needed-sets.ts'

export type PlannedSet = {
  readonly set: string
  readonly packages: number
  readonly sizeBytes: number
  /** Not in the cache yet. */
  readonly missing: number
  readonly missingBytes: number
  readonly isUnpacked: boolean
}

export type BuildPlan = {
  readonly image: { readonly name: string; readonly version: string; readonly base: string }
  readonly sets: readonly PlannedSet[]
  readonly disks: readonly DiskFormatName[]
  readonly fetchBytes: number
  readonly cache: {
    readonly directory: string
    readonly freeBytes: number
    readonly neededBytes: number
  }
  readonly out: {
    readonly directory: string
    readonly freeBytes: number
    readonly neededBytes: number
  }
}

/** What a build would do, and what it takes: nothing is fetched or written. */
export async function planBuild(
  context: BuildContext,
  request: { readonly out: string; readonly disks: readonly DiskFormatName[] },
): Promise<BuildPlan> {
  const { schematic } = context.schematic
  const needed = neededSets(schematic)
  const { disks } = request
  const names = [
    'tools',
    'initrd',
    needed.kernel,
    ...(needed.root === undefined ? [] : [needed.root]),
    ...(disks.length === 0 ? [] : ['loader']),
    ...(disks.some((format) => format !== 'raw') ? ['lab'] : []),
  ]
  const sets: PlannedSet[] = []
  for (const name of names) sets.push(await planSet(context, name, name === needed.root))
  const fetchBytes = sum(sets.map(({ missingBytes }) => missingBytes))
  // Unpacked, packages take some four times their size.
  const unpackedBytes = sum(
    sets.filter(({ isUnpacked }) => !isUnpacked).map(({ sizeBytes }) => 4 * sizeBytes),
  )
  const rootBytes = await rootBytesOf(context, sets)
  return {
    image: {
      name: schematic.name,
      version: schematic.version,
      base: Object.entries(schematic.base)
        .map(([kind, value]) => `${kind}: ${typeof value === 'string' ? value : 'yes'}`)
        .join(', '),
    },
    sets,
    disks,
    fetchBytes,
    cache: {
      directory: context.cache.directory,
      freeBytes: await freeBytes(context.cache.directory),
      // The base as a tar, the root as a tar and as a file system are there at once.
      neededBytes: fetchBytes + unpackedBytes + 3 * rootBytes + spareBytes,
    },
    out: {
      directory: request.out,
      freeBytes: await freeBytes(request.out),
      neededBytes: (1 + 2 * disks.length) * rootBytes + spareBytes,
    },
  }
}

/** Refuses a build that would end on a full disk. */
export function checkSpace(plan: BuildPlan): void {
  for (const { directory, freeBytes: free, neededBytes } of [plan.cache, plan.out])
    if (free < neededBytes)
      throw new BuildError(
        `${directory} has ${mebibytes(free)} MiB free and the build needs about ${mebibytes(neededBytes)} MiB: make room, or name another place.`,
      )
}

const mebibytes = (bytes: number) => Math.round(bytes / 2 ** 20)

async function planSet(context: BuildContext, set: string, isRoot: boolean): Promise<PlannedSet> {
  const { packages } = lockedSet(context.lock, set)
  const missing = await missingPackages(context.cache, packages, context.clock)
  const tree = join(context.cache.trees, packagesDigest(packages).slice('sha256:'.length))
  return {
    set,
    packages: packages.length,
    sizeBytes: sum(packages.map(({ sizeBytes }) => sizeBytes)),
    missing: missing.length,
    missingBytes: sum(missing.map(({ sizeBytes }) => sizeBytes)),
    isUnpacked: !isRoot && (await lstat(tree).catch(() => undefined)) !== undefined,
  }
}

async function rootBytesOf(context: BuildContext, sets: readonly PlannedSet[]): Promise<number> {
  const { schematic, directory } = context.schematic
  if (schematic.base.busybox === true) return unknownRootBytes / 2
  if (schematic.base.tar !== undefined) {
    const found = await stat(resolve(directory, schematic.base.tar)).catch(() => undefined)
    return 3 * (found?.size ?? unknownRootBytes)
  }
  const root = sets.find(({ set }) => set === neededSets(schematic).root)
  return Math.max(unknownRootBytes, 4 * (root?.sizeBytes ?? 0))
}

/** Of the file system that a directory is on, or will be. */
async function freeBytes(directory: string): Promise<number> {
  for (let path = directory; ; path = dirname(path)) {
    const found = await statfs(path).catch(() => undefined)
    if (found !== undefined) return found.bavail * found.bsize
    if (path === dirname(path)) return 0
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
