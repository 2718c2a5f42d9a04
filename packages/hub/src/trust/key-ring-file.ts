import { mkdir, readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'

/**
 * A file of keys that only its owner may read, replaced as a whole so that a crash leaves the old
 * keys or the new ones. Made on first use.
 */
export async function readOrCreateKeyFile(
  path: string,
  create: () => Promise<string> | string,
): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const text = await create()
  await replaceKeyFile(path, text)
  return text
}

export async function replaceKeyFile(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await writeFileAtomic(path, text, 0o600)
}
