import { lstatSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { InitrdError } from './initrd-error.ts'
import { initrdFileBytesMax, linksMax } from './limits.ts'

/**
 * Where a path of a tree leads, as a program inside the tree would see it: links are followed within the tree
 * and never out of it. Undefined when nothing is there.
 */
export function pathInTree(tree: string, path: string): string | undefined {
  const left = path.split('/').toReversed()
  let names: string[] = []
  let links = 0
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (name === '' || name === '.') continue
    if (name === '..') {
      names = names.slice(0, -1)
      continue
    }
    const here = [...names, name]
    const stat = lstatSync(join(tree, ...here), { throwIfNoEntry: false })
    if (stat === undefined) return undefined
    if (!stat.isSymbolicLink()) {
      names = here
      continue
    }
    links += 1
    if (links > linksMax) throw new InitrdError(`"${path}" of ${tree} is behind too many links`)
    const to = readlinkSync(join(tree, ...here))
    if (to.startsWith('/')) names = []
    left.push(...to.split('/').toReversed())
  }
  return `/${names.join('/')}`
}

/** The bytes of a file of a tree; `where` is one that `pathInTree` gave. */
export function readTreeFile(tree: string, where: string): Buffer {
  const file = join(tree, where)
  const { size } = statSync(file)
  if (size > initrdFileBytesMax) {
    throw new InitrdError(
      `${file} has ${size} bytes, more than the ${initrdFileBytesMax} of an initrd's file`,
    )
  }
  return readFileSync(file)
}
