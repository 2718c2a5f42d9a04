export type ElfContent = {
  readonly interpreter?: string
  readonly needed?: readonly string[]
  readonly moduleInfo?: readonly string[]
}

const loadAddress = 0x10_000

/** A small 64-bit ELF file that says what a test wants. */
export function elfFile(content: ElfContent): Buffer {
  const texts = (content.needed ?? []).map((name) => `${name}\0`)
  const strings = Buffer.from(`\0${texts.join('')}`)
  const interpreter = Buffer.from(`${content.interpreter ?? ''}\0`)
  const info = Buffer.from((content.moduleInfo ?? []).map((line) => `${line}\0`).join(''))
  const sectionNames = Buffer.from('\0.modinfo\0.shstrtab\0')
  let name = 1
  const tags: [number, number][] = texts.map((text) => {
    const tag: [number, number] = [1, name]
    name += text.length
    return tag
  })
  const headers = 64 + 3 * 56
  const dynamicBytes = (tags.length + 3) * 16
  const stringsAt = headers + dynamicBytes
  const interpreterAt = stringsAt + strings.length
  const infoAt = interpreterAt + interpreter.length
  const namesAt = infoAt + info.length
  const sectionsAt = namesAt + sectionNames.length
  tags.push([5, loadAddress + stringsAt], [10, strings.length], [0, 0])

  const file = Buffer.alloc(sectionsAt + 3 * 64)
  file.writeUInt32BE(0x7f454c46, 0)
  file.set([2, 1, 1], 4)
  file.writeBigUInt64LE(64n, 32)
  file.writeBigUInt64LE(BigInt(sectionsAt), 40)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(3, 56)
  file.writeUInt16LE(64, 58)
  file.writeUInt16LE(3, 60)
  file.writeUInt16LE(2, 62)
  const segment = (index: number, type: number, offset: number, size: number) => {
    const at = 64 + index * 56
    file.writeUInt32LE(type, at)
    file.writeBigUInt64LE(BigInt(offset), at + 8)
    file.writeBigUInt64LE(BigInt(loadAddress + offset), at + 16)
    file.writeBigUInt64LE(BigInt(size), at + 32)
  }
  segment(0, 1, 0, namesAt)
  segment(1, 2, headers, dynamicBytes)
  if (content.interpreter !== undefined) segment(2, 3, interpreterAt, interpreter.length)
  for (const [index, [tag, value]] of tags.entries()) {
    file.writeBigUInt64LE(BigInt(tag), headers + index * 16)
    file.writeBigUInt64LE(BigInt(value), headers + index * 16 + 8)
  }
  strings.copy(file, stringsAt)
  interpreter.copy(file, interpreterAt)
  info.copy(file, infoAt)
  sectionNames.copy(file, namesAt)
  const section = (index: number, nameAt: number, part: readonly [number, number, number]) => {
    const at = sectionsAt + index * 64
    file.writeUInt32LE(nameAt, at)
    file.writeUInt32LE(part[0], at + 4)
    file.writeBigUInt64LE(BigInt(part[1]), at + 24)
    file.writeBigUInt64LE(BigInt(part[2]), at + 32)
  }
  if (content.moduleInfo !== undefined) section(1, 1, [1, infoAt, info.length])
  section(2, 10, [3, namesAt, sectionNames.length])
  return file
}
