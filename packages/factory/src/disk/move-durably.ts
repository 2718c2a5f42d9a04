import { open, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '@skerry/artifact/write-file-atomic'

/** Gives a file that is complete its name, so that a power cut leaves the whole file or none. */
export async function moveDurably(from: string, to: string): Promise<void> {
  {
    await using file = await open(from, 'r')
    await file.sync()
  }
  await rename(from, to)
  await syncDirectory(dirname(to))
}
