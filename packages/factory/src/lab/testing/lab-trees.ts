import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { lockedSet, packagesDigest } from '../../debian/ensure-tree.ts'
import { defaultCacheDirectory } from '../../debian/factory-cache.ts'
import { parseLock } from '../../debian/lock.ts'
import { builtInLockPath } from '../../debian/read-lock.ts'
import type { Tree } from '../../debian/tree.ts'
import { type LabTreeName, type LabTrees, labSets } from '../lab-trees.ts'

export type { LabTrees } from '../lab-trees.ts'

/** A directory with the trees lab, tools, kernel, initrd-src and loader, in place of those in the cache. */
export const labTreesVariable = 'SKERRY_LAB_TREES'

/** The trees for a test, or why it has to be skipped. A test fetches nothing. */
export async function treesForTest(): Promise<LabTrees | string> {
  const directory = process.env[labTreesVariable] ?? ''
  const paths = directory === '' ? await pathsInCache() : pathsIn(directory)
  if (typeof paths === 'string') return paths
  const missing = Object.entries(paths).filter(([, path]) => !existsSync(join(path, 'usr')))
  if (missing.length > 0)
    return `needs ${missing.map(([name]) => name).join(', ')}: fetch them by \`skerry lab prepare\``
  return Object.fromEntries(
    Object.entries(paths).map(([name, path]) => [name, { path }]),
  ) as LabTrees
}

type Paths = Readonly<Record<LabTreeName, string>>

function pathsIn(directory: string): Paths {
  const at = (name: string) => join(directory, name)
  return {
    lab: at('lab'),
    tools: at('tools'),
    kernel: at('kernel'),
    initrd: at('initrd-src'),
    loader: at('loader'),
  }
}

async function pathsInCache(): Promise<Paths | string> {
  const read = parseLock(await readFile(builtInLockPath, 'utf8'))
  if (!read.ok) return `needs a lock of packages: ${read.problems.join('; ')}`
  const entries = Object.entries(labSets).map(([name, set]) => {
    const digest = packagesDigest(lockedSet(read.lock, set).packages)
    return [name, join(defaultCacheDirectory(), 'trees', digest.slice('sha256:'.length))]
  })
  return Object.fromEntries(entries) as Paths
}

/** The kernel of a tree. */
export function kernelOf(tree: Pick<Tree, 'path'>): string {
  const name = readdirSync(join(tree.path, 'boot')).find((file) => file.startsWith('vmlinuz-'))
  if (name === undefined) throw new Error(`${tree.path}/boot: holds no vmlinuz-*`)
  return join(tree.path, 'boot', name)
}

/** As `uname -r` says it. */
export function kernelVersionOf(tree: Pick<Tree, 'path'>): string {
  const [version = ''] = readdirSync(join(tree.path, 'usr/lib/modules'))
  return version
}
