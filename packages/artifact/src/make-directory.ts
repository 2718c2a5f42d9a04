import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * Makes a directory and those above it, for their owner alone. Throws what the system says: with its own
 * `recursive`, Node.js says of a read-only disk that there is no such file.
 */
export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(path) === path) throw thrown
    makeDirectory(dirname(path))
    mkdirSync(path, { mode: 0o700 })
  }
}
