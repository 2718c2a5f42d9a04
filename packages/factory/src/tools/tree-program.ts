import { join } from 'node:path'
import type { Tree } from '../debian/tree.ts'

const loaders: Readonly<Record<string, { readonly loader: string; readonly triplet: string }>> = {
  x64: { loader: 'usr/lib64/ld-linux-x86-64.so.2', triplet: 'x86_64-linux-gnu' },
  arm64: { loader: 'usr/lib/ld-linux-aarch64.so.1', triplet: 'aarch64-linux-gnu' },
}

/**
 * The words that run a program of a tree by the tree's own loader and libraries, without entering
 * the tree: for long-running programs such as QEMU, which see this machine as it is. Not for
 * scripts or static programs.
 */
export function treeProgram(
  tree: Pick<Tree, 'path'>,
  program: string,
  architecture: string = process.arch,
): readonly string[] {
  const known = loaders[architecture]
  if (known === undefined)
    throw new Error(`Programs of a tree run on x64 and arm64, not on ${architecture}`)
  const libraries = join(tree.path, 'usr/lib', known.triplet)
  const words = [join(tree.path, known.loader), '--library-path', libraries]
  return [...words, join(tree.path, program)]
}
