import { RootError } from './root-error.ts'

export const tarBlockBytes = 512

/** One header block, with nothing that a block before it said of the same file. */
export type TarHeader = {
  readonly name: string
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly sizeBytes: number
  /** `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` directory, `6` FIFO, others. */
  readonly type: string
  readonly linkName: string
}

const field = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  time: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  linkName: [157, 100],
  magic: [257, 6],
  prefix: [345, 155],
} as const
type Field = readonly [number, number]

/** The header, or undefined for a block of zeros, which ends an archive. */
export function decodeTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined
  if (checksumOf(block) !== number(block, field.checksum))
    throw new RootError('The checksum of a header does not match: the archive is broken.')
  const isUstar = text(block, [257, 5]) === 'ustar'
  // GNU's own form keeps times where ustar has a prefix.
  const isGnu = block.toString('latin1', 257, 265) === 'ustar  \0'
  const prefix = isUstar && !isGnu ? text(block, field.prefix) : ''
  const name = text(block, field.name)
  const type = text(block, field.type)
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, field.mode) & 0o7777,
    uid: number(block, field.uid),
    gid: number(block, field.gid),
    sizeBytes: number(block, field.size),
    type: type === '' || type === '7' ? '0' : type,
    linkName: text(block, field.linkName),
  }
}

function text(block: Buffer, [at, length]: Field): string {
  const end = block.indexOf(0, at)
  return block.toString('utf8', at, end < 0 || end > at + length ? at + length : end)
}

function number(block: Buffer, [at, length]: Field): number {
  // GNU: the top bit says that the rest is a big-endian number.
  if ((block[at]! & 0x80) !== 0) {
    let value = BigInt(block[at]! & 0x7f)
    for (let index = 1; index < length; index += 1)
      value = value * 256n + BigInt(block[at + index]!)
    if (block[at] === 0xff || value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new RootError('A header has a number that no file has: the archive is broken.')
    return Number(value)
  }
  const digits = text(block, [at, length]).trim()
  if (!/^[0-7]*$/.test(digits))
    throw new RootError(
      `A header has ${JSON.stringify(digits)} for a number: it is no tar archive, or broken.`,
    )
  return digits === '' ? 0 : Number.parseInt(digits, 8)
}

function checksumOf(block: Buffer): number {
  const [at, length] = field.checksum
  let sum = length * 0x20
  for (const [index, byte] of block.entries()) if (index < at || index >= at + length) sum += byte
  return sum
}

/** Headers as POSIX has them; what does not fit stands in an extended header before. */
export function encodeTarHeader(
  header: TarHeader,
  records: Readonly<Record<string, Uint8Array>> = {},
): Buffer {
  const long: Record<string, Uint8Array> = { ...records }
  const fits = (value: string, bytesMax: number) => Buffer.byteLength(value) <= bytesMax
  if (!fits(header.name, 100)) long['path'] = Buffer.from(header.name)
  if (!fits(header.linkName, 100)) long['linkpath'] = Buffer.from(header.linkName)
  for (const name of ['uid', 'gid'] as const)
    if (header[name] > 0o7777777) long[name] = Buffer.from(String(header[name]))
  if (header.sizeBytes > 0o77777777777) long['size'] = Buffer.from(String(header.sizeBytes))
  const block = encodeBlock(header)
  if (Object.keys(long).length === 0) return block
  const body = Buffer.concat(
    Object.keys(long)
      .toSorted()
      .map((name) => record(name, long[name]!)),
  )
  const extended = { ...header, name: 'extended', type: 'x', linkName: '', sizeBytes: body.length }
  return Buffer.concat([encodeBlock(extended), body, padding(body.length), block])
}

/** `LENGTH NAME=VALUE\n`, where the length counts its own digits. */
function record(name: string, value: Uint8Array): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${name}=`), value, Buffer.of(0x0a)])
  let length = rest.length + 1
  while (String(length).length + rest.length !== length) length += 1
  return Buffer.concat([Buffer.from(String(length)), rest])
}

function encodeBlock(header: TarHeader): Buffer {
  const block = Buffer.alloc(tarBlockBytes)
  const put = ([at, length]: Field, value: string) => block.write(value, at, length, 'utf8')
  const octal = ([at, length]: Field, value: number) =>
    put(
      [at, length - 1],
      value
        .toString(8)
        .padStart(length - 1, '0')
        .slice(1 - length),
    )
  put(field.name, header.name)
  octal(field.mode, header.mode)
  octal(field.uid, header.uid > 0o7777777 ? 0 : header.uid)
  octal(field.gid, header.gid > 0o7777777 ? 0 : header.gid)
  octal(field.size, header.sizeBytes > 0o77777777777 ? 0 : header.sizeBytes)
  octal(field.time, 0)
  put(field.type, header.type)
  put(field.linkName, header.linkName)
  block.write('ustar\u000000', field.magic[0], 'latin1')
  octal([field.checksum[0], 7], checksumOf(block))
  block[field.checksum[0] + 7] = 0x20
  return block
}

/** Zeros up to the next whole block. */
export function padding(sizeBytes: number): Buffer {
  return Buffer.alloc((tarBlockBytes - (sizeBytes % tarBlockBytes)) % tarBlockBytes)
}

/** The records of an extended header. Takes any bytes; values are bytes, as attributes are. */
export function decodeTarRecords(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>()
  for (let at = 0; at < body.length && body[at] !== 0;) {
    const space = body.indexOf(0x20, at)
    const length = Number(body.toString('latin1', at, space < 0 ? at : space))
    const end = at + length
    const equals = body.indexOf(0x3d, space)
    if (!Number.isInteger(length) || length < 5 || end > body.length || equals < 0 || equals >= end)
      throw new RootError('An extended header is not made of records: the archive is broken.')
    records.set(body.toString('utf8', space + 1, equals), body.subarray(equals + 1, end - 1))
    at = end
  }
  return records
}
