/** A PE32+ file with the given sections and nothing that could be run: for tests of those who read it. */
export function smallPe(sections: Readonly<Record<string, Uint8Array>>): Buffer {
  const align = (bytes: number) => Math.ceil(bytes / 512) * 512
  const names = Object.keys(sections)
  const optional = 0x40 + 24
  const table = optional + 240
  const headerBytes = align(table + names.length * 40)
  const header = Buffer.alloc(headerBytes)
  header.write('MZ', 0, 'latin1')
  header.writeUInt32LE(0x40, 0x3c)
  header.write('PE\0\0', 0x40, 'latin1')
  header.writeUInt16LE(0x8664, 0x44)
  header.writeUInt16LE(names.length, 0x46)
  header.writeUInt16LE(240, 0x54)
  header.writeUInt16LE(0x20b, optional)
  header.writeUInt32LE(headerBytes, optional + 60)
  header.writeUInt32LE(16, optional + 108)
  const contents: Buffer[] = []
  let offset = headerBytes
  for (const [index, name] of names.entries()) {
    const content = sections[name]!
    const at = table + index * 40
    header.write(name, at, 8, 'latin1')
    header.writeUInt32LE(content.length, at + 8)
    header.writeUInt32LE(align(content.length), at + 16)
    header.writeUInt32LE(offset, at + 20)
    contents.push(Buffer.concat([content, Buffer.alloc(align(content.length) - content.length)]))
    offset += align(content.length)
  }
  return Buffer.concat([header, ...contents])
}

/** A unified kernel image as far as its sections go. */
export function smallUki(
  commandLine: string,
  osRelease: string,
  more: Record<string, string> = {},
) {
  const texts = {
    '.osrel': osRelease,
    '.cmdline': commandLine,
    '.uname': '6.12.1-test',
    '.linux': 'kernel',
    '.initrd': 'initrd',
    ...more,
  }
  return smallPe(
    Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)])),
  )
}
