import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { isDigest } from '@skerry/base/digest'
import type { ImageShelf } from './image-machine.ts'

/** A directory that holds an OCI layout, as `skerry image build` leaves it or as a stick brings it. */
export function createDirectoryShelf(directory: string): ImageShelf {
  const pathOf = (digest: string): string => `${directory}/blobs/sha256/${digest.slice(7)}`
  return {
    name: directory,
    async has(digest) {
      if (!isDigest(digest)) return false
      const found = await stat(pathOf(digest)).catch(() => undefined)
      return found?.isFile() === true
    },
    open: (digest, offset) => createReadStream(pathOf(digest), { start: offset }),
  }
}
