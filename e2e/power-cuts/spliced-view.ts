import { type DiskView, checkRange } from '@skerry/factory/lab/disk-view'

/** A disk of which one part was changed. */
export function splicedView(disk: DiskView, offset: number, part: DiskView): DiskView {
  const end = offset + part.sizeBytes
  return {
    sizeBytes: disk.sizeBytes,
    read: (at, length) => {
      checkRange(disk.sizeBytes, at, length)
      const bytes = Buffer.alloc(length)
      const copy = (from: number, to: number, source: DiskView, shift: number) => {
        const [start, stop] = [Math.max(at, from), Math.min(at + length, to)]
        if (start < stop) source.read(start - shift, stop - start).copy(bytes, start - at)
      }
      copy(0, offset, disk, 0)
      copy(offset, end, part, offset)
      copy(end, disk.sizeBytes, disk, 0)
      return bytes
    },
    // What has no name is compared anew.
    contentName: () => '',
  }
}
