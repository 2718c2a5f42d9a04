import { type FileHandle, open } from 'node:fs/promises'
import { RootError } from './root-error.ts'
import { type RootData, type RootEntry, type RootTree, sizeOfData } from './root-tree.ts'
import { encodeTarHeader, padding, tarBlockBytes } from './tar-header.ts'

const copyBytes = 2 ** 20

/** The bytes of a tree as one tar, sorted, without times: equal trees make equal bytes. */
export async function writeTar(
  tree: RootTree,
  path: string,
  onProgress?: (doneBytes: number) => void,
): Promise<void> {
  await using out = await openOutput(path)
  await using sources = new OpenSources()
  const first = new Map<RootEntry, string>()
  let doneBytes = 0
  for (const [name, entry] of tree.entries()) {
    const linkedTo = first.get(entry)
    if (entry.type !== 'directory' && linkedTo === undefined) first.set(entry, name)
    await out.write(headerOf(name, entry, entry.type === 'directory' ? undefined : linkedTo))
    if (entry.type !== 'file' || linkedTo !== undefined) continue
    for await (const chunk of sources.read(entry.data)) await out.write(chunk)
    await out.write(padding(sizeOfData(entry.data)))
    onProgress?.((doneBytes += sizeOfData(entry.data)))
  }
  await out.write(Buffer.alloc(2 * tarBlockBytes))
  await out.flush()
}

function headerOf(name: string, entry: RootEntry, linkedTo: string | undefined): Buffer {
  const { mode, uid, gid } = entry
  const records = Object.fromEntries(
    Object.entries(entry.xattrs ?? {}).map(([key, value]) => [`SCHILY.xattr.${key}`, value]),
  )
  const types = { file: '0', symlink: '2', directory: '5' } as const
  return encodeTarHeader(
    {
      name: entry.type === 'directory' ? `${name}/` : name,
      mode,
      uid,
      gid,
      sizeBytes: entry.type === 'file' && linkedTo === undefined ? sizeOfData(entry.data) : 0,
      type: linkedTo === undefined ? types[entry.type] : '1',
      linkName: linkedTo ?? (entry.type === 'symlink' ? entry.target : ''),
    },
    linkedTo === undefined ? records : {},
  )
}

/** All bytes of one file. */
export async function readData(data: RootData, bytesMax: number): Promise<Buffer> {
  const sizeBytes = sizeOfData(data)
  if (sizeBytes > bytesMax)
    throw new RootError(`A file has ${sizeBytes} bytes where ${bytesMax} are allowed.`)
  await using sources = new OpenSources()
  const chunks: Uint8Array[] = []
  for await (const chunk of sources.read(data)) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Archives that stay open while files are read from them. */
class OpenSources implements AsyncDisposable {
  readonly #last: { file: string; handle: FileHandle }[] = []
  readonly #buffer = Buffer.alloc(copyBytes)

  /** Chunks that are valid until the next one. */
  async *read(data: RootData): AsyncGenerator<Uint8Array> {
    if ('bytes' in data) {
      yield data.bytes
      return
    }
    const handle = await this.#open(data.file)
    for (let done = 0; done < data.sizeBytes;) {
      const wanted = Math.min(copyBytes, data.sizeBytes - done)
      const { bytesRead } = await handle.read(this.#buffer, 0, wanted, data.offset + done)
      if (bytesRead === 0)
        throw new RootError(`${data.file} became shorter while it was read: try again.`)
      done += bytesRead
      yield this.#buffer.subarray(0, bytesRead)
    }
  }

  async #open(file: string): Promise<FileHandle> {
    const found = this.#last.find((each) => each.file === file)
    if (found !== undefined) return found.handle
    if (this.#last.length >= openFilesMax) await this.#last.shift()!.handle.close()
    const handle = await open(file, 'r')
    this.#last.push({ file, handle })
    return handle
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { handle } of this.#last) await handle.close()
  }
}

/** Layers of an image and single files beside them. */
const openFilesMax = 32

async function openOutput(path: string) {
  const file = await open(path, 'wx')
  const buffer = Buffer.alloc(copyBytes)
  let heldBytes = 0
  const flush = async () => {
    for (let at = 0; at < heldBytes;)
      at += (await file.write(buffer, at, heldBytes - at)).bytesWritten
    heldBytes = 0
  }
  return {
    flush,
    async write(bytes: Uint8Array): Promise<void> {
      for (let at = 0; at < bytes.length;) {
        const taken = Math.min(copyBytes - heldBytes, bytes.length - at)
        buffer.set(bytes.subarray(at, at + taken), heldBytes)
        heldBytes += taken
        at += taken
        if (heldBytes === copyBytes) await flush()
      }
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}
