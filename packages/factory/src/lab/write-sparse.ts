import { open } from 'node:fs/promises'
import { type DiskView, pageBytes } from './disk-view.ts'

const zeroes = Buffer.alloc(pageBytes)

/** Writes a disk into a file that has holes where the disk has zeroes. */
export async function writeSparse(view: DiskView, file: string): Promise<void> {
  await using handle = await open(file, 'w')
  await handle.truncate(view.sizeBytes)
  for (let at = 0; at < view.sizeBytes; at += pageBytes) {
    const bytes = view.read(at, Math.min(pageBytes, view.sizeBytes - at))
    if (!bytes.equals(zeroes.subarray(0, bytes.length)))
      await handle.write(bytes, 0, bytes.length, at)
  }
}
