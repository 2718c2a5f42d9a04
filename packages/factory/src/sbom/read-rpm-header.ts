import { rpmEntriesMax, rpmHeaderBytesMax } from './limits.ts'
import type { SoftwarePackage } from './software-package.ts'

const tags = { name: 1000, version: 1001, release: 1002, epoch: 1003, license: 1014, arch: 1022 }
const entryBytes = 16
const [int32Type, stringType] = [4, 6]

/** One package of RPM's database: an index of tags, then the values. Takes any bytes. */
export function readRpmHeader(bytes: Uint8Array, vendor: string): SoftwarePackage | undefined {
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (header.length < 8 || header.length > rpmHeaderBytesMax) return undefined
  const count = header.readUInt32BE(0)
  const storeStart = 8 + count * entryBytes
  if (count > rpmEntriesMax || storeStart > header.length) return undefined
  const values = new Map<number, string>()
  for (let index = 0; index < count; index += 1) {
    const at = 8 + index * entryBytes
    const [tag, type, offset] = [0, 4, 8].map((field) => header.readUInt32BE(at + field))
    const start = storeStart + offset!
    if (start + 4 > header.length) continue
    if (type === stringType) {
      const end = header.indexOf(0, start)
      if (end > 0) values.set(tag!, header.toString('utf8', start, end))
    } else if (type === int32Type) values.set(tag!, String(header.readUInt32BE(start)))
  }
  const [name, version, release] = [tags.name, tags.version, tags.release].map((tag) =>
    values.get(tag),
  )
  // Keys of the archive are kept as packages, too.
  if (name === undefined || version === undefined || name === 'gpg-pubkey') return undefined
  const epoch = values.get(tags.epoch)
  return {
    name,
    version: `${epoch === undefined ? '' : `${epoch}:`}${version}-${release ?? '0'}`,
    architecture: values.get(tags.arch),
    license: values.get(tags.license),
    type: 'rpm',
    vendor,
  }
}
