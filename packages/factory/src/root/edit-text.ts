import { textFileBytesMax } from './limits.ts'
import { RootError } from './root-error.ts'
import type { RootAttributes, RootTree } from './root-tree.ts'
import { readData } from './write-tar.ts'

const plain: RootAttributes = { mode: 0o644, uid: 0, gid: 0 }

/** The text of a file, links followed, or undefined. */
export async function readText(tree: RootTree, path: string): Promise<string | undefined> {
  const file = tree.file(tree.resolve(path))
  return file === undefined
    ? undefined
    : (await readData(file.data, textFileBytesMax)).toString('utf8')
}

/** Writes a file, with the owner and permissions of the one that was there. */
export function putText(tree: RootTree, path: string, text: string, mode?: number): void {
  const before = tree.file(path)
  tree.put(path, {
    ...(before ?? plain),
    ...(mode === undefined ? {} : { mode }),
    type: 'file',
    data: { bytes: Buffer.from(text) },
  })
}

export function putLink(tree: RootTree, path: string, target: string): void {
  if (target === '') throw new RootError(`/${path} would be a link to nothing.`)
  tree.put(path, { mode: 0o777, uid: 0, gid: 0, type: 'symlink', target })
}
