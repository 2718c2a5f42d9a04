import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { RootTree } from './root-tree.ts'

/** Adds what lies below a directory of this machine, as files of root. */
export async function addDirectory(tree: RootTree, directory: string): Promise<void> {
  const found = await readdir(directory, { recursive: true })
  for (const path of found.toSorted()) {
    const file = join(directory, path)
    const entry = await lstat(file)
    const attributes = { mode: entry.mode & 0o777, uid: 0, gid: 0 }
    if (entry.isDirectory()) tree.makeDirectory(path)
    else if (entry.isSymbolicLink())
      tree.put(path, { ...attributes, type: 'symlink', target: await readlink(file) })
    else
      tree.put(path, {
        ...attributes,
        type: 'file',
        data: { file, offset: 0, sizeBytes: entry.size },
      })
  }
}
