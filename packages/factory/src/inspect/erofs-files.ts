import type { DiskView } from '../lab/disk-view.ts'
import { erofsDirectoryBytesMax, erofsFileBytesMax } from './limits.ts'

/** An erofs file system, as far as it takes to read a few small files of it. */
export type Erofs = {
  readonly view: DiskView
  readonly blockBytes: number
  readonly metadataOffset: number
  readonly rootNode: number
  readonly sizeBytes: number
}

export type ErofsResult =
  | { readonly ok: true; readonly erofs: Erofs }
  | { readonly ok: false; readonly message: string }

type Inode = {
  readonly offset: number
  readonly isDirectory: boolean
  readonly layout: number
  readonly sizeBytes: number
  readonly block: number
  readonly headBytes: number
}

/** What a file says, or why it cannot be said. */
export type ErofsFile = Buffer | 'missing' | 'unreadable'

const superblockOffset = 1024
const layouts = { plain: 0, inline: 2 } as const

/** Opens an erofs file system. Takes any bytes. */
export function openErofs(view: DiskView): ErofsResult {
  const refuse = (message: string) => ({ ok: false, message }) as const
  if (view.sizeBytes < superblockOffset + 128) return refuse('too small for a file system')
  const block = view.read(superblockOffset, 128)
  if (block.readUInt32LE(0) !== 0xe0f5e1e2) return refuse('no erofs file system')
  const blockBits = block.readUInt8(12)
  if (blockBits < 9 || blockBits > 16) return refuse(`erofs with blocks of 2^${blockBits} bytes`)
  const blockBytes = 2 ** blockBits
  const sizeBytes = block.readUInt32LE(36) * blockBytes
  if (sizeBytes > view.sizeBytes)
    return refuse(`erofs of ${sizeBytes} bytes where only ${view.sizeBytes} are: it is cut off`)
  return {
    ok: true,
    erofs: {
      view,
      blockBytes,
      metadataOffset: block.readUInt32LE(40) * blockBytes,
      rootNode: block.readUInt16LE(14),
      sizeBytes,
    },
  }
}

/** Names in a directory, sorted; undefined if there is none or it cannot be read. */
export function erofsNames(erofs: Erofs, path: string): string[] | undefined {
  const inode = find(erofs, path)
  if (inode?.isDirectory !== true) return undefined
  return entries(erofs, inode)
    ?.map(({ name }) => name)
    .filter((name) => name !== '.' && name !== '..')
    .toSorted()
}

/** A small file that is neither compressed nor reached by a link. */
export function readErofsFile(erofs: Erofs, path: string): ErofsFile {
  const inode = find(erofs, path)
  if (inode === undefined) return 'missing'
  if (inode.isDirectory) return 'unreadable'
  return contentOf(erofs, inode, erofsFileBytesMax) ?? 'unreadable'
}

function find(erofs: Erofs, path: string): Inode | undefined {
  let inode = readInode(erofs, erofs.rootNode)
  for (const part of path.split('/').filter((name) => name !== '')) {
    if (inode?.isDirectory !== true) return undefined
    const entry = entries(erofs, inode)?.find(({ name }) => name === part)
    inode = entry && readInode(erofs, entry.node)
  }
  return inode
}

function readInode(erofs: Erofs, node: number): Inode | undefined {
  const offset = erofs.metadataOffset + node * 32
  const head = readWithin(erofs, offset, 64) ?? readWithin(erofs, offset, 32)
  if (head === undefined) return undefined
  const format = head.readUInt16LE(0)
  const isExtended = (format & 1) === 1
  if (isExtended && head.length < 64) return undefined
  const attributes = head.readUInt16LE(2)
  return {
    offset,
    isDirectory: (head.readUInt16LE(4) & 0o170000) === 0o040000,
    layout: (format >> 1) & 7,
    sizeBytes: isExtended ? Number(head.readBigUInt64LE(8)) : head.readUInt32LE(8),
    block: head.readUInt32LE(16),
    headBytes: (isExtended ? 64 : 32) + (attributes === 0 ? 0 : 12 + (attributes - 1) * 4),
  }
}

function contentOf(erofs: Erofs, inode: Inode, bytesMax: number): Buffer | undefined {
  const { sizeBytes, layout, block, offset, headBytes } = inode
  if (sizeBytes > bytesMax || (layout !== layouts.plain && layout !== layouts.inline))
    return undefined
  const tailBytes = layout === layouts.inline ? sizeBytes % erofs.blockBytes : 0
  const body = readWithin(erofs, block * erofs.blockBytes, sizeBytes - tailBytes)
  const tail = readWithin(erofs, offset + headBytes, tailBytes)
  return body && tail && Buffer.concat([body, tail])
}

function entries(erofs: Erofs, inode: Inode): { name: string; node: number }[] | undefined {
  const bytes = contentOf(erofs, inode, erofsDirectoryBytesMax)
  if (bytes === undefined) return undefined
  const found: { name: string; node: number }[] = []
  for (let at = 0; at < bytes.length; at += erofs.blockBytes) {
    const block = bytes.subarray(at, at + erofs.blockBytes)
    if (block.length < 12) return undefined
    const count = Math.floor(block.readUInt16LE(8) / 12)
    if (count === 0 || count * 12 > block.length) return undefined
    for (let index = 0; index < count; index += 1) {
      const start = block.readUInt16LE(index * 12 + 8)
      const end = index + 1 < count ? block.readUInt16LE(index * 12 + 20) : block.length
      if (start < count * 12 || end < start || end > block.length) return undefined
      const name = block.toString('utf8', start, end).replace(/\0.*$/s, '')
      found.push({ name, node: Number(block.readBigUInt64LE(index * 12)) })
    }
  }
  return found
}

/** Bytes of the file system, or undefined where they lie outside of it. */
function readWithin(erofs: Erofs, offset: number, length: number): Buffer | undefined {
  // Without a block of its own a file names one that cannot be.
  if (length === 0) return Buffer.alloc(0)
  const isWithin = offset >= 0 && length >= 0 && offset + length <= erofs.sizeBytes
  return isWithin ? erofs.view.read(offset, length) : undefined
}
