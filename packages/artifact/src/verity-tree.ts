import { hash } from 'node:crypto'
import { verityBlockBytes } from '@skerry/api/os/os-layout'
import { verityReadBytes, verityTreeDataBytesMax, verityWriteBlocks } from './limits.ts'

/**
 * dm-verity, format 1, as `veritysetup format --salt=-` writes it: SHA-256, blocks of 4096 bytes, no salt.
 * Behind the data one superblock block, then the levels of the tree from the root down.
 */
export type VerityLayout = {
  readonly dataBytes: number
  readonly dataBlocks: number
  /** Where the superblock is: right behind the data. */
  readonly superblockOffset: number
  /** From the hashes of the data up to the one block whose hash is the root; none for a single block. */
  readonly levels: readonly { readonly offset: number; readonly blocks: number }[]
  /** Data, superblock and tree: what a slot must hold. */
  readonly totalBytes: number
}

/** Bytes by offset: a slot, or a file. `read` gives exactly as many bytes as were asked for, or rejects. */
export type VerityDevice = {
  readonly read: (offset: number, sizeBytes: number) => Promise<Uint8Array>
  readonly write: (offset: number, bytes: Uint8Array) => Promise<void>
}

const hashBytes = 32
const hashesPerBlock = verityBlockBytes / hashBytes

export function verityLayout(dataBytes: number): VerityLayout {
  if (!Number.isSafeInteger(dataBytes) || dataBytes <= 0 || dataBytes % verityBlockBytes !== 0)
    throw new RangeError(
      `A file system of ${dataBytes} bytes has no verity tree: its size must be a multiple of ${verityBlockBytes}.`,
    )
  if (dataBytes > verityTreeDataBytesMax)
    throw new RangeError(
      `A file system of ${dataBytes} bytes is larger than the ${verityTreeDataBytesMax} that a slot can have.`,
    )
  const dataBlocks = dataBytes / verityBlockBytes
  const sizes: number[] = []
  for (let below = dataBlocks; below > 1; below = sizes.at(-1)!)
    sizes.push(Math.ceil(below / hashesPerBlock))
  let offset = dataBytes + verityBlockBytes
  const levels = sizes.toReversed().map((blocks) => {
    const level = { offset, blocks }
    offset += blocks * verityBlockBytes
    return level
  })
  return {
    dataBytes,
    dataBlocks,
    superblockOffset: dataBytes,
    levels: levels.toReversed(),
    totalBytes: offset,
  }
}

/** A tree that grows while the data goes by, from its first byte to its last. */
export type GrowingVerityTree = {
  update(chunk: Uint8Array): Promise<void>
  /** Writes what is left and gives the root hash, 64 hexadecimal digits. */
  finish(): Promise<string>
}

/** `write` is given the tree alone: whoever wants it whole writes the superblock last. */
export function growVerityTree(dataBytes: number, write: VerityDevice['write']): GrowingVerityTree {
  const layout = verityLayout(dataBytes)
  const levels = layout.levels.map(({ offset }) => new Level(offset, write))
  const block = Buffer.alloc(verityBlockBytes)
  let heldBytes = 0
  let seenBytes = 0
  let root: Buffer | undefined
  /** Puts a hash into a level, and the hash of each block that is full into the level above. */
  const put = async (digest: Buffer, at: number): Promise<void> => {
    const level = levels[at]
    if (level === undefined) root = digest
    else if (level.put(digest)) await put(await level.close(), at + 1)
  }
  const putBlock = (bytes: Uint8Array) => put(sha256(bytes), 0)
  return {
    async update(chunk) {
      seenBytes += chunk.length
      if (seenBytes > dataBytes)
        throw new RangeError(`More data came than the ${dataBytes} bytes that the tree is for.`)
      let at = 0
      if (heldBytes > 0) {
        at = Math.min(verityBlockBytes - heldBytes, chunk.length)
        block.set(chunk.subarray(0, at), heldBytes)
        heldBytes += at
        if (heldBytes < verityBlockBytes) return
        await putBlock(block)
        heldBytes = 0
      }
      for (; at + verityBlockBytes <= chunk.length; at += verityBlockBytes)
        await putBlock(chunk.subarray(at, at + verityBlockBytes))
      block.set(chunk.subarray(at))
      heldBytes = chunk.length - at
    },
    async finish() {
      if (seenBytes !== dataBytes)
        throw new RangeError(`Only ${seenBytes} of ${dataBytes} bytes came: the tree is not whole.`)
      for (const [at, level] of levels.entries()) {
        if (!level.isEmpty()) await put(await level.close(), at + 1)
        await level.flush()
      }
      return root!.toString('hex')
    },
  }
}

/** Reads the data and writes the tree behind it, without the superblock; gives the root hash. */
export async function writeVerityTree(
  device: VerityDevice,
  dataBytes: number,
  options: {
    readonly signal?: AbortSignal | undefined
    readonly onProgress?: ((doneBytes: number) => void) | undefined
  } = {},
): Promise<string> {
  const tree = growVerityTree(dataBytes, device.write)
  for (let offset = 0; offset < dataBytes; offset += verityReadBytes) {
    options.signal?.throwIfAborted()
    const sizeBytes = Math.min(verityReadBytes, dataBytes - offset)
    await tree.update(await device.read(offset, sizeBytes))
    options.onProgress?.(offset + sizeBytes)
  }
  return tree.finish()
}

/** The root hash of data that is read, with nothing written. */
export const verityRootHash = (read: VerityDevice['read'], dataBytes: number): Promise<string> =>
  writeVerityTree({ read, write: async () => undefined }, dataBytes)

const sha256 = (bytes: Uint8Array): Buffer => hash('sha256', bytes, 'buffer')

/** One level: the block that is being filled, and full ones that wait to be written together. */
class Level {
  readonly #write: VerityDevice['write']
  #offset: number
  readonly #buffer = Buffer.alloc(verityWriteBlocks * verityBlockBytes)
  #fullBlocks = 0
  #hashes = 0

  constructor(offset: number, write: VerityDevice['write']) {
    this.#offset = offset
    this.#write = write
  }

  isEmpty(): boolean {
    return this.#hashes === 0
  }

  /** Whether the block is full now. */
  put(digest: Buffer): boolean {
    this.#buffer.set(digest, this.#fullBlocks * verityBlockBytes + this.#hashes * hashBytes)
    this.#hashes += 1
    return this.#hashes === hashesPerBlock
  }

  /** Ends the block, the rest of which is zero, and gives its hash. */
  async close(): Promise<Buffer> {
    const from = this.#fullBlocks * verityBlockBytes
    const digest = sha256(this.#buffer.subarray(from, from + verityBlockBytes))
    this.#fullBlocks += 1
    this.#hashes = 0
    if (this.#fullBlocks === verityWriteBlocks) await this.flush()
    return digest
  }

  async flush(): Promise<void> {
    if (this.#fullBlocks === 0) return
    const sizeBytes = this.#fullBlocks * verityBlockBytes
    await this.#write(this.#offset, Buffer.from(this.#buffer.subarray(0, sizeBytes)))
    this.#buffer.fill(0)
    this.#offset += sizeBytes
    this.#fullBlocks = 0
  }
}
