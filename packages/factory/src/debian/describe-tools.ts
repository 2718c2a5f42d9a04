import { packagesDigest } from './ensure-tree.ts'
import type { Lock } from './lock.ts'

export type ToolDescription = {
  /** Set of the lock. */
  readonly set: string
  /** Of all packages of the set. */
  readonly digest: string
  /** What was asked for, with the version that is locked. */
  readonly versions: Readonly<Record<string, string>>
}

/** Which tools and trees a build with this lock uses, for its provenance. Nothing is fetched. */
export function describeTools(lock: Lock, sets = Object.keys(lock.sets)): ToolDescription[] {
  return sets.toSorted().flatMap((set) => {
    const locked = lock.sets[set]
    if (locked === undefined) return []
    const asked = locked.packages.filter(({ name }) => locked.asked.includes(name))
    const versions = Object.fromEntries(asked.map(({ name, version }) => [name, version]))
    return [{ set, digest: packagesDigest(locked.packages), versions }]
  })
}
