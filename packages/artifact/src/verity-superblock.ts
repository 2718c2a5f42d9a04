import { verityBlockBytes } from '@skerry/api/os/os-layout'
import { verityLayout } from './verity-tree.ts'

/** What a slot says of itself. */
export type VeritySuperblock = { readonly imageId: string; readonly dataBytes: number }

/** Where each field is; numbers are little endian. */
const fields = {
  version: 8,
  type: 12,
  uuid: 16,
  algorithm: 32,
  dataBlock: 64,
  hashBlock: 68,
} as const
const more = { dataBlocks: 72, saltBytes: 80, end: 512 } as const
const signature = 'verity\0\0'
const algorithm = 'sha256'.padEnd(32, '\0')

/** The block between data and tree. Written last: a slot without it matches no image. */
export function buildVeritySuperblock(imageId: string, dataBytes: number): Buffer {
  if (!/^[0-9a-f]{32}$/.test(imageId))
    throw new TypeError(`${JSON.stringify(imageId)} is not an image id of 32 hexadecimal digits`)
  const block = Buffer.alloc(verityBlockBytes)
  block.write(signature, 0, 'latin1')
  block.writeUInt32LE(1, fields.version)
  block.writeUInt32LE(1, fields.type)
  block.set(Buffer.from(imageId, 'hex'), fields.uuid)
  block.write(algorithm, fields.algorithm, 'latin1')
  block.writeUInt32LE(verityBlockBytes, fields.dataBlock)
  block.writeUInt32LE(verityBlockBytes, fields.hashBlock)
  block.writeBigUInt64LE(BigInt(verityLayout(dataBytes).dataBlocks), more.dataBlocks)
  return block
}

/** Whose superblock this is, or undefined when it is not one of ours. Takes any bytes. */
export function parseVeritySuperblock(block: Uint8Array): VeritySuperblock | undefined {
  if (block.length < more.end) return undefined
  const bytes = Buffer.from(block.buffer, block.byteOffset, more.end)
  const dataBytes = Number(bytes.readBigUInt64LE(more.dataBlocks)) * verityBlockBytes
  const isOurs =
    bytes.toString('latin1', 0, fields.version) === signature &&
    bytes.readUInt32LE(fields.version) === 1 &&
    bytes.readUInt32LE(fields.type) === 1 &&
    bytes.toString('latin1', fields.algorithm, fields.dataBlock) === algorithm &&
    bytes.readUInt32LE(fields.dataBlock) === verityBlockBytes &&
    bytes.readUInt32LE(fields.hashBlock) === verityBlockBytes &&
    bytes.readUInt16LE(more.saltBytes) === 0 &&
    dataBytes > 0 &&
    Number.isSafeInteger(dataBytes)
  return isOurs
    ? { imageId: bytes.toString('hex', fields.uuid, fields.algorithm), dataBytes }
    : undefined
}
