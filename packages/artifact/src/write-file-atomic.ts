import { randomUUID } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'

/** What a file is called before it is complete; whoever opens the directory may remove these. */
export const temporarySuffix = '.part'

/**
 * Replaces a file so that a power cut leaves the old bytes or the new ones: write beside it, sync,
 * rename, sync the directory.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array | string,
  mode = 0o644,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}${temporarySuffix}`
  try {
    await withFile(await open(temporary, 'wx', mode), async (file) => {
      await file.writeFile(bytes)
      await file.sync()
    })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(path))
}

/** Makes names in a directory survive a power cut. */
export async function syncDirectory(path: string): Promise<void> {
  await withFile(await open(path, 'r'), (file) => file.sync())
}

async function withFile(file: FileHandle, use: (file: FileHandle) => Promise<void>): Promise<void> {
  try {
    await use(file)
  } finally {
    await file.close()
  }
}
