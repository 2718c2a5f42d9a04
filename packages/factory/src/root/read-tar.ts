import { type FileHandle, open } from 'node:fs/promises'
import { rootEntriesMax, tarExtensionBytesMax, tarWindowBytes } from './limits.ts'
import { RootError } from './root-error.ts'
import type { RootAttributes } from './root-tree.ts'
import { type TarHeader, decodeTarHeader, decodeTarRecords, tarBlockBytes } from './tar-header.ts'

/** One file of an archive, under the name that the archive gives it. */
export type TarEntry = RootAttributes & {
  readonly name: string
  /** As in the header: `0` file, `1` hard link, `2` symbolic link, `5` directory, others. */
  readonly type: string
  readonly linkName: string
  /** Where its bytes are in the archive. */
  readonly offset: number
  readonly sizeBytes: number
}

const xattrPrefix = 'SCHILY.xattr.'

/** The files of an uncompressed tar in their order: POSIX, ustar, GNU. Contents are not read. */
export async function* readTar(path: string): AsyncGenerator<TarEntry> {
  const file = await open(path, 'r')
  try {
    yield* readEntries(new TarWindow(file, (await file.stat()).size), path)
  } catch (error) {
    if (error instanceof RootError) throw new RootError(`${path}: ${error.message}`)
    throw error
  } finally {
    await file.close()
  }
}

async function* readEntries(tar: TarWindow, path: string): AsyncGenerator<TarEntry> {
  let extension = new Map<string, Buffer>()
  let extensionBytes = 0
  let count = 0
  for (let at = 0; at < tar.sizeBytes;) {
    const header = decodeTarHeader(await tar.bytes(at, tarBlockBytes))
    if (header === undefined) return
    if ((count += 1) > rootEntriesMax * 2)
      throw new RootError(`It has more than ${rootEntriesMax} files, which no root has.`)
    const offset = at + tarBlockBytes
    const sizeBytes = sizeOf(header, extension)
    if (offset + sizeBytes > tar.sizeBytes)
      throw new RootError(`It ends within ${JSON.stringify(header.name)}: fetch it again.`)
    at = offset + Math.ceil(sizeBytes / tarBlockBytes) * tarBlockBytes
    const named = extensionNames[header.type]
    if (named === undefined && header.type !== 'x') {
      if (header.type === 'g') continue
      yield entryOf(header, extension, { offset, sizeBytes })
      extension = new Map()
      extensionBytes = 0
      continue
    }
    if ((extensionBytes += sizeBytes) > tarExtensionBytesMax)
      throw new RootError(
        `The attributes of a file have ${extensionBytes} bytes where ${tarExtensionBytesMax} are allowed.`,
      )
    const body = Buffer.from(await tar.bytes(offset, sizeBytes))
    const records =
      named === undefined ? decodeTarRecords(body) : [[named, untilZero(body)] as const]
    for (const [name, value] of records) extension.set(name, value)
  }
  if (count === 0) throw new RootError(`${path} holds nothing.`)
}

/** GNU's long names, called as POSIX calls them. */
const extensionNames: Readonly<Record<string, string>> = { L: 'path', K: 'linkpath' }

function untilZero(bytes: Buffer): Buffer {
  const end = bytes.indexOf(0)
  return end < 0 ? bytes : bytes.subarray(0, end)
}

function sizeOf(header: TarHeader, extension: Map<string, Buffer>): number {
  // Links and directories have none, whatever their header says; the blocks of an extension are its own.
  if (header.type === 'x' || header.type in extensionNames || header.type === 'g')
    return header.sizeBytes
  return '123456'.includes(header.type) ? 0 : numberOf(extension, 'size', header.sizeBytes)
}

function entryOf(
  header: TarHeader,
  extension: Map<string, Buffer>,
  place: { readonly offset: number; readonly sizeBytes: number },
): TarEntry {
  if ([...extension.keys()].some((name) => name.startsWith('GNU.sparse')) || header.type === 'S')
    throw new RootError(
      `${JSON.stringify(header.name)} is sparse, which is not read: make the archive without --sparse.`,
    )
  const xattrs = [...extension]
    .filter(([name]) => name.startsWith(xattrPrefix))
    .map(([name, value]) => [name.slice(xattrPrefix.length), value] as const)
  return {
    ...place,
    name: extension.get('path')?.toString('utf8') ?? header.name,
    linkName: extension.get('linkpath')?.toString('utf8') ?? header.linkName,
    type: header.type,
    mode: header.mode,
    uid: numberOf(extension, 'uid', header.uid),
    gid: numberOf(extension, 'gid', header.gid),
    ...(xattrs.length === 0 ? {} : { xattrs: Object.fromEntries(xattrs) }),
  }
}

function numberOf(extension: Map<string, Buffer>, name: string, otherwise: number): number {
  const text = extension.get(name)?.toString('latin1')
  if (text === undefined) return otherwise
  const value = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value))
    throw new RootError(`${name} is ${JSON.stringify(text)}: the archive is broken.`)
  return value
}

/** Reads near places of a file without a system call for each. */
class TarWindow {
  readonly #file: FileHandle
  readonly sizeBytes: number
  readonly #window = Buffer.alloc(tarWindowBytes)
  #start = 0
  #end = 0

  constructor(file: FileHandle, sizeBytes: number) {
    this.#file = file
    this.sizeBytes = sizeBytes
  }

  /** Valid until the next call. */
  async bytes(offset: number, sizeBytes: number): Promise<Buffer> {
    if (offset + sizeBytes > this.sizeBytes)
      throw new RootError('It ends within a header: fetch it again.')
    if (sizeBytes > tarWindowBytes) {
      const large = Buffer.alloc(sizeBytes)
      await this.#file.read(large, 0, sizeBytes, offset)
      return large
    }
    if (offset < this.#start || offset + sizeBytes > this.#end) {
      const { bytesRead } = await this.#file.read(this.#window, 0, tarWindowBytes, offset)
      this.#start = offset
      this.#end = offset + bytesRead
    }
    return this.#window.subarray(offset - this.#start, offset - this.#start + sizeBytes)
  }
}
