import { assert } from '@skerry/base/assert'

export type DebData = {
  /** `xz`, `zst`, `gz` or nothing. */
  readonly compression: '' | 'gz' | 'xz' | 'zst'
  readonly bytes: Buffer
}

const magic = '!<arch>\n'
const headerBytes = 60

/** The files of a Debian package, which is an `ar` archive of control, data and a version. */
export function readDeb(deb: Buffer, member: 'control' | 'data'): DebData {
  assert(deb.subarray(0, magic.length).toString('latin1') === magic, 'not a Debian package')
  let at = magic.length
  while (at + headerBytes <= deb.length) {
    const name = deb
      .subarray(at, at + 16)
      .toString('latin1')
      .replace(/[/ ]+$/, '')
    const sizeBytes = Number(deb.subarray(at + 48, at + 58).toString('latin1'))
    const start = at + headerBytes
    const isWhole = Number.isSafeInteger(sizeBytes) && sizeBytes >= 0
    assert(isWhole && start + sizeBytes <= deb.length, `${name} is cut off`)
    const found = /^(control|data)\.tar(?:\.(gz|xz|zst))?$/.exec(name)
    if (found?.[1] === member)
      return {
        compression: (found[2] ?? '') as DebData['compression'],
        bytes: deb.subarray(start, start + sizeBytes),
      }
    // Members begin at even places.
    at = start + sizeBytes + (sizeBytes % 2)
  }
  throw new Error(`Broken assumption: a Debian package without ${member}.tar`)
}
