import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { DebianError } from './debian-error.ts'
import { type Lock, parseLock } from './lock.ts'

/** The lock that comes with this program: tools, lab, kernels and the roots of our tests. */
export const builtInLockPath = fileURLToPath(new URL('../../debian/lock.json', import.meta.url))

/** Reads a lock, or says which line of thought of it is none. */
export async function readLock(path: string = builtInLockPath): Promise<Lock> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    const message = `${path} is not there: make it by \`skerry image lock --update\`.`
    throw new DebianError('NotLocked', message)
  })
  const parsed = parseLock(text)
  if (parsed.ok) return parsed.lock
  const shown = parsed.problems.slice(0, 5).map((problem) => `  ${problem}`)
  const more = parsed.problems.length > 5 ? `\n  and ${parsed.problems.length - 5} more` : ''
  throw new DebianError('NotLocked', `${path} is no lock:\n${shown.join('\n')}${more}`)
}
