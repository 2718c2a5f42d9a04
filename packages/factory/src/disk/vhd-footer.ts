/** The 512 bytes behind a raw disk that make it a fixed VHD (Virtual Hard Disk Image Format, 1.0). */
export function vhdFooter(diskBytes: number, identity: Uint8Array): Buffer {
  const footer = Buffer.alloc(512)
  footer.write('conectix', 0, 'latin1')
  // No temporary disk; version 1.0 of the format; no further header, as in every fixed disk.
  footer.writeUInt32BE(2, 8)
  footer.writeUInt32BE(0x0001_0000, 12)
  footer.fill(0xff, 16, 24)
  // Made at second 0, by nobody in particular on nothing in particular: the same disk has the same footer.
  footer.write('skry', 28, 'latin1')
  footer.writeUInt32BE(0x0001_0000, 32)
  footer.write('Wi2k', 36, 'latin1')
  footer.writeBigUInt64BE(BigInt(diskBytes), 40)
  footer.writeBigUInt64BE(BigInt(diskBytes), 48)
  const { cylinders, heads, sectors } = geometryOf(diskBytes)
  footer.writeUInt16BE(cylinders, 56)
  footer[58] = heads
  footer[59] = sectors
  footer.writeUInt32BE(2, 60)
  footer.set(identity.subarray(0, 16), 68)
  const sum = footer.reduce((total, byte) => total + byte, 0)
  footer.writeUInt32BE(~sum >>> 0, 64)
  return footer
}

/** Cylinders, heads and sectors as the appendix of the format computes them. */
function geometryOf(diskBytes: number) {
  const total = Math.min(Math.floor(diskBytes / 512), 65_535 * 16 * 255)
  if (total >= 65_535 * 16 * 63)
    return { cylinders: Math.floor(total / 255 / 16), heads: 16, sectors: 255 }
  let sectors = 17
  let tracks = Math.floor(total / sectors)
  let heads = Math.max(4, Math.floor((tracks + 1023) / 1024))
  if (tracks >= heads * 1024 || heads > 16) {
    sectors = 31
    heads = 16
    tracks = Math.floor(total / sectors)
  }
  if (tracks >= heads * 1024) {
    sectors = 63
    heads = 16
    tracks = Math.floor(total / sectors)
  }
  return { cylinders: Math.floor(tracks / heads), heads, sectors }
}
