import { commandLineNames } from '@skerry/api/os/os-layout'

export type TestKernel = {
  readonly imageId: string
  readonly version: string
  readonly rootBytes: number
  /** Of the section that stands for Linux. */
  readonly linuxBytes: number
}

const headerBytes = 1024
const alignment = 512

/** A file that the loader and our readers take for a unified kernel image; nothing could run it. */
export function testKernel({ imageId, version, rootBytes, linuxBytes }: TestKernel): Buffer {
  const commandLine = `${commandLineNames.imageId}=${imageId} ${commandLineNames.rootBytes}=${rootBytes}`
  const osRelease = `ID=skerry\nIMAGE_ID=skerry\nIMAGE_VERSION=${version}\nPRETTY_NAME="Test"\n`
  const linux = Buffer.alloc(linuxBytes)
  // No two sectors are alike: one that is missing or in the wrong place is noticed.
  for (let at = 0; at + 16 <= linuxBytes; at += 16)
    linux.write(`${version} ${at}`, at, 16, 'latin1')
  const sections = [
    ['.osrel', Buffer.from(osRelease)],
    ['.cmdline', Buffer.from(commandLine)],
    ['.initrd', Buffer.alloc(512, 1)],
    ['.linux', linux],
  ] as const
  const header = Buffer.alloc(headerBytes)
  header.write('MZ', 0, 'latin1')
  header.writeUInt32LE(64, 0x3c)
  header.writeUInt32LE(0x4550, 64)
  header.writeUInt16LE(0x8664, 68)
  header.writeUInt16LE(sections.length, 70)
  header.writeUInt16LE(240, 84)
  header.writeUInt16LE(0x20b, 88)
  header.writeUInt32LE(headerBytes, 88 + 60)
  header.writeUInt32LE(16, 88 + 108)
  const parts: Buffer[] = [header]
  let offset = headerBytes
  for (const [index, [name, content]] of sections.entries()) {
    const at = 88 + 240 + index * 40
    const fileBytes = Math.ceil(content.length / alignment) * alignment
    header.write(name, at, 8, 'latin1')
    header.writeUInt32LE(content.length, at + 8)
    header.writeUInt32LE(fileBytes, at + 16)
    header.writeUInt32LE(offset, at + 20)
    parts.push(content, Buffer.alloc(fileBytes - content.length))
    offset += fileBytes
  }
  return Buffer.concat(parts)
}

/** What a slot of this image holds: a file system, the superblock with the image's id, a tree. */
export function testSlot(imageId: string, rootBytes: number): Buffer {
  const slot = Buffer.alloc(rootBytes + 3 * 4096)
  for (let at = 0; at < rootBytes; at += 32) slot.write(`${imageId.slice(0, 8)} root ${at}`, at, 32)
  slot.write(`76657269747900000100000001000000${imageId}`, rootBytes, 'hex')
  slot.fill(0x77, rootBytes + 4096)
  return slot
}
