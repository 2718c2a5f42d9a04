/** A write to put into a log. */
export type TestWrite =
  | { readonly flush: true }
  | { readonly sector: number; readonly data: Buffer; readonly durable?: boolean }
  | { readonly sector: number; readonly sectors: number; readonly discard: true }

const sectorBytes = 512

/** The bytes that QEMU's blklogwrites filter writes. */
export function encodeWriteLog(writes: readonly TestWrite[]): Buffer {
  const head = Buffer.alloc(sectorBytes)
  head.writeBigUInt64LE(0x6a736677736872n, 0)
  head.writeBigUInt64LE(1n, 8)
  head.writeBigUInt64LE(BigInt(writes.length), 16)
  head.writeUInt32LE(sectorBytes, 24)
  return Buffer.concat([head, ...writes.flatMap(encodeWrite)])
}

function encodeWrite(write: TestWrite): Buffer[] {
  if ('flush' in write) return [entryOf(0, 0, 1)]
  if ('discard' in write) return [entryOf(write.sector, write.sectors, 4)]
  return [entryOf(write.sector, write.data.length / sectorBytes, write.durable ? 2 : 0), write.data]
}

function entryOf(sector: number, sectors: number, flags: number): Buffer {
  const entry = Buffer.alloc(sectorBytes)
  for (const [index, value] of [sector, sectors, flags, 0].entries())
    entry.writeBigUInt64LE(BigInt(value), index * 8)
  return entry
}
