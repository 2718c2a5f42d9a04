import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Tree } from '../../debian/tree.ts'

type Root = Pick<Tree, 'path'>

export type LabTrees = {
  readonly lab: Root
  readonly tools: Root
  readonly kernel: Root
  readonly initrd: Root
}

/** A directory with the extracted trees lab, tools, kernel and initrd-src, for tests. */
export const labTreesVariable = 'SKERRY_LAB_TREES'

/** The trees for a test, or why it has to be skipped. */
export function findLabTrees(): LabTrees | string {
  const directory = process.env[labTreesVariable] ?? ''
  if (directory === '')
    return `needs QEMU and the tools: set ${labTreesVariable} to a directory with the trees lab, tools, kernel and initrd-src`
  const root = (name: string) => ({ path: join(directory, name) })
  const trees = {
    lab: root('lab'),
    tools: root('tools'),
    kernel: root('kernel'),
    initrd: root('initrd-src'),
  }
  const missing = Object.values(trees).find(({ path }) => !existsSync(join(path, 'usr')))
  return missing === undefined ? trees : `${missing.path}: no such tree`
}

/** The kernel of a tree. */
export function kernelOf(tree: Root): string {
  const name = readdirSync(join(tree.path, 'boot')).find((file) => file.startsWith('vmlinuz-'))
  if (name === undefined) throw new Error(`${tree.path}/boot: holds no vmlinuz-*`)
  return join(tree.path, 'boot', name)
}
