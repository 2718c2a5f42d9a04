import { type LockedSet, type Lock, formatLock } from './lock.ts'
import type { PackageSet } from './package-set.ts'
import { type ResolveOptions, resolveSets } from './resolve-sets.ts'

export type LockUpdate = {
  readonly lock: Lock
  /** The lock as it is written to its file. */
  readonly text: string
  /** Each a line: what came, went and changed, by set. Empty when nothing did. */
  readonly changes: readonly string[]
}

export type UpdateOptions = ResolveOptions & {
  readonly previous?: Lock
  /** Resolve anew only what the previous lock does not pin as it is asked now. */
  readonly isKeepingPinned?: boolean
}

/** A lock of what the sets come to today, and how it differs from the one before. */
export async function updateLock(
  sets: readonly PackageSet[],
  options: UpdateOptions,
  signal?: AbortSignal,
): Promise<LockUpdate> {
  const { architecture, previous } = options
  const open = options.isKeepingPinned === true ? unpinnedSets(previous, sets, architecture) : sets
  const resolved = await resolveSets(open, options, signal)
  const all = sets.map(({ name }) => [name, resolved[name] ?? previous?.sets[name]] as const)
  const pinned = all.flatMap(([name, set]) => (set === undefined ? [] : [[name, set] as const]))
  const lock = { architecture, sets: Object.fromEntries(pinned) }
  return { lock, text: formatLock(lock), changes: lockChanges(previous, lock) }
}

/** The sets that a lock does not have, or not as they are asked now. */
export function unpinnedSets(
  lock: Lock | undefined,
  sets: readonly PackageSet[],
  architecture: string,
): PackageSet[] {
  if (lock?.architecture !== architecture) return [...sets]
  return sets.filter((set) => {
    const pinned = Object.hasOwn(lock.sets, set.name) ? lock.sets[set.name] : undefined
    const isSame =
      pinned?.suites.join(' ') === set.suites.join(' ') &&
      pinned.asked.toSorted().join(' ') === set.packages.toSorted().join(' ')
    return !isSame
  })
}

/** How two locks differ, one line a package. */
export function lockChanges(before: Lock | undefined, after: Lock): string[] {
  const names = new Set([...Object.keys(before?.sets ?? {}), ...Object.keys(after.sets)])
  return [...names].toSorted().flatMap((name) => {
    const [old, now] = [before?.sets[name], after.sets[name]]
    if (now === undefined) return [`${name}: no longer locked`]
    if (old === undefined) return [`${name}: new, ${sizeOf(now)}`]
    return setChanges(old, now).map((change) => `${name}: ${change}`)
  })
}

function setChanges(old: LockedSet, now: LockedSet): string[] {
  const before = new Map(old.packages.map((each) => [each.name, each]))
  const after = new Map(now.packages.map((each) => [each.name, each]))
  const gone = old.packages
    .filter(({ name }) => !after.has(name))
    .map(({ name, version }) => `${name} ${version} -> gone`)
  const changed = now.packages.flatMap(({ name, version, sha256 }) => {
    const was = before.get(name)
    if (was === undefined) return [`${name} new -> ${version}`]
    if (was.version !== version) return [`${name} ${was.version} -> ${version}`]
    return was.sha256 === sha256 ? [] : [`${name} ${version}: other bytes under the same version`]
  })
  return [...gone, ...changed]
}

function sizeOf(set: LockedSet): string {
  const bytes = set.packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return `${set.packages.length} packages, ${(bytes / 2 ** 20).toFixed(1)} MiB`
}
