import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

/** A disk to read, as it is at one moment. It never changes. */
export type DiskView = {
  readonly sizeBytes: number
  /** Throws when the range is not on the disk: readers of hostile disks look first. */
  read(offset: number, length: number): Buffer
  /** Names the content of a range: two views of one log with the same name have the same bytes there. */
  contentName(offset: number, length: number): string
}

export const pageBytes = 1 << 20

/** A raw disk in a file that nobody writes to. */
export function openDiskFile(file: string): DiskView & Disposable {
  const fd = openSync(file, 'r')
  const sizeBytes = fstatSync(fd).size
  return {
    sizeBytes,
    read: (offset, length) => {
      checkRange(sizeBytes, offset, length)
      const bytes = Buffer.alloc(length)
      let done = 0
      while (done < length) {
        const got = readSync(fd, bytes, done, length - done, offset + done)
        if (got === 0) throw new Error(`${file}: became shorter while it was read`)
        done += got
      }
      return bytes
    },
    contentName: () => '',
    [Symbol.dispose]: () => closeSync(fd),
  }
}

/** A disk in memory, for tests and for what was cut out of another. */
export function bytesView(bytes: Buffer): DiskView {
  return {
    sizeBytes: bytes.length,
    read: (offset, length) => {
      checkRange(bytes.length, offset, length)
      return bytes.subarray(offset, offset + length)
    },
    contentName: () => '',
  }
}

/** A part of a disk, such as a partition, as a disk of its own. */
export function partOf(view: DiskView, offset: number, sizeBytes: number): DiskView {
  checkRange(view.sizeBytes, offset, sizeBytes)
  return {
    sizeBytes,
    read: (at, length) => {
      checkRange(sizeBytes, at, length)
      return view.read(offset + at, length)
    },
    contentName: (at, length) => view.contentName(offset + at, length),
  }
}

export function checkRange(sizeBytes: number, offset: number, length: number): void {
  if (!(offset >= 0 && length >= 0 && offset + length <= sizeBytes))
    throw new RangeError(`bytes ${offset} to ${offset + length} of a disk of ${sizeBytes}`)
}
