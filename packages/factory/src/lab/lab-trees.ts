import { type TreeOptions, ensureTree } from '../debian/ensure-tree.ts'
import { openFactoryCache } from '../debian/factory-cache.ts'
import { readLock } from '../debian/read-lock.ts'
import type { Tree } from '../debian/tree.ts'

type Root = Pick<Tree, 'path'>

/** Sets of packages that a machine in the lab may need, by what the lab calls them. */
export const labSets = {
  lab: 'lab',
  tools: 'tools',
  kernel: 'kernel-cloud',
  initrd: 'initrd',
  loader: 'loader',
} as const
export type LabTreeName = keyof typeof labSets
export type LabTrees = Readonly<Record<LabTreeName, Root>>

/** The trees from the cache; what is missing is fetched and unpacked. */
export async function ensureLabTrees(options: TreeOptions = {}): Promise<LabTrees> {
  const [cache, lock] = [await openFactoryCache(), await readLock()]
  const trees: Partial<Record<LabTreeName, Root>> = {}
  for (const name of names) trees[name] = await ensureTree(cache, lock, labSets[name], options)
  return trees as LabTrees
}

const names = Object.keys(labSets) as LabTreeName[]
