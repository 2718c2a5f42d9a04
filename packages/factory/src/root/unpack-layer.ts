import {
  attributeBytesMax,
  nameBytesMax,
  pathBytesMax,
  pathDepthMax,
  rootBytesMax,
  rootEntriesMax,
} from './limits.ts'
import { type TarEntry, readTar } from './read-tar.ts'
import { RootError } from './root-error.ts'
import type { RootAttributes, RootTree } from './root-tree.ts'

const whiteout = '.wh.'
const opaque = '.wh..wh..opq'

/**
 * Lays an archive over a tree, as the OCI image specification says: a name after `.wh.` removes what layers
 * below have, `.wh..wh..opq` empties a directory of what they have.
 */
export async function unpackLayer(tree: RootTree, archive: string): Promise<void> {
  const added = new Set<string>()
  let sizeBytes = 0
  let attributeBytes = 0
  for await (const entry of readTar(archive)) {
    sizeBytes += entry.sizeBytes
    for (const value of Object.values(entry.xattrs ?? {})) attributeBytes += value.length
    if (attributeBytes > attributeBytesMax)
      throw new RootError(
        `${archive}: the extended attributes of its files have more than ${attributeBytesMax} bytes, which no root has.`,
      )
    if (sizeBytes > rootBytesMax || tree.size > rootEntriesMax)
      throw new RootError(
        `${archive}: unpacked it is larger than a root can be: ${rootBytesMax} bytes in ${rootEntriesMax} files.`,
      )
    const path = safePath(entry.name, archive)
    if (path === '') continue
    const slash = path.lastIndexOf('/')
    const name = path.slice(slash + 1)
    if (name === opaque) clearLower(tree, tree.resolve(path.slice(0, Math.max(0, slash))), added)
    else if (name.startsWith(whiteout))
      removeLower(tree, parentOf(tree, path, slash) + name.slice(whiteout.length), added)
    else {
      const at = putEntry(tree, path, { ...entry, archive })
      if (at !== undefined) added.add(at)
    }
  }
}

/** The directory that a path lies in, with its slash, links followed. */
function parentOf(tree: RootTree, path: string, slash: number): string {
  const parent = tree.resolve(path.slice(0, Math.max(0, slash)))
  return parent === '' ? '' : `${parent}/`
}

/** Removes what layers below have at a path; what this layer brings stays, whichever of the two it says first. */
function removeLower(tree: RootTree, path: string, added: ReadonlySet<string>): void {
  if (path === '' || tree.get(path) === undefined) return
  clearLower(tree, path, added)
  if (!added.has(path) && tree.names(path).length === 0) tree.remove(path)
}

/** Empties a directory of what this layer itself did not bring. */
function clearLower(tree: RootTree, directory: string, added: ReadonlySet<string>): void {
  for (const path of [...tree.below(directory)].toReversed()) {
    const isParent = tree.names(path).length > 0
    if (!added.has(path) && !isParent) tree.remove(path)
  }
}

function putEntry(
  tree: RootTree,
  path: string,
  entry: TarEntry & { readonly archive: string },
): string | undefined {
  const { archive, offset, sizeBytes } = entry
  const attributes: RootAttributes = {
    mode: entry.mode,
    uid: entry.uid,
    gid: entry.gid,
    ...(entry.xattrs === undefined ? {} : { xattrs: entry.xattrs }),
  }
  switch (entry.type) {
    case '0':
      return tree.put(path, {
        ...attributes,
        type: 'file',
        data: { file: archive, offset, sizeBytes },
      })
    case '5':
      return tree.put(path, { ...attributes, type: 'directory' })
    case '2':
      if (entry.linkName === '' || entry.linkName.includes('\0'))
        throw new RootError(`${archive}: /${path} is a link to nothing: the archive is broken.`)
      if (Buffer.byteLength(entry.linkName) > pathBytesMax)
        throw new RootError(
          `${archive}: the link /${path} is longer than the ${pathBytesMax} bytes that a path may have.`,
        )
      return tree.put(path, { ...attributes, type: 'symlink', target: entry.linkName })
    case '1': {
      const target = safePath(entry.linkName, archive)
      const found = tree.get(target) ?? tree.get(tree.resolve(target))
      if (found === undefined || found.type === 'directory')
        throw new RootError(
          `${archive}: /${path} is a hard link to /${target}, which is no file: the archive is broken.`,
        )
      return tree.put(path, found)
    }
    default:
      // What is in /dev comes from the kernel, what is in /run from this boot.
      if (/^(dev|run|var\/run)\//.test(path)) return undefined
      throw new RootError(
        `${archive}: /${path} is a device or a FIFO, which an image does not carry: remove it from the base.`,
      )
  }
}

/** The path without dots and slashes that say nothing. Names that lead out of the root are refused. */
export function safePath(name: string, archive: string): string {
  const refuse = (why: string) => new RootError(`${archive}: ${JSON.stringify(name)} ${why}`)
  if (name.startsWith('/'))
    throw refuse('is an absolute path: make the archive with relative ones.')
  const parts = name.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw refuse('leads out of the root: the archive is not to be trusted.')
  if (name.includes('\0')) throw refuse('has a zero byte: the archive is broken.')
  if (Buffer.byteLength(name) > pathBytesMax)
    throw refuse(`is longer than the ${pathBytesMax} bytes that a path may have.`)
  if (parts.length > pathDepthMax)
    throw refuse(`lies in more than ${pathDepthMax} directories, which no root has.`)
  if (parts.some((part) => Buffer.byteLength(part) > nameBytesMax))
    throw refuse(`has a name of more than ${nameBytesMax} bytes.`)
  return parts.join('/')
}
