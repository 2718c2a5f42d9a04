import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { syncDirectory } from '@skerry/artifact/write-file-atomic'
import { runProgram } from '../tools/run-program.ts'
import type { FactoryCache } from './factory-cache.ts'

/**
 * Makes a directory that is either whole or not there, whatever is cut and whoever else makes it:
 * under another name, synced, renamed. Of two that make the same the first wins, and both have it.
 */
export async function keepWhole(
  cache: FactoryCache,
  path: string,
  make: (directory: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const directory = join(cache.incoming, `${process.pid}.${randomUUID()}.tree`)
  try {
    await mkdir(directory, { recursive: true, mode: 0o755 })
    await make(directory)
    const environment = { PATH: '/usr/bin:/bin', LC_ALL: 'C' }
    await runProgram({ command: ['sync', '--file-system', directory], environment }, signal)
    await rename(directory, path)
    await syncDirectory(dirname(path))
  } catch (error) {
    await rm(directory, { recursive: true, force: true })
    const isThere = (await stat(path).catch(() => undefined)) !== undefined
    const code = (error as NodeJS.ErrnoException).code
    if (!isThere || (code !== 'ENOTEMPTY' && code !== 'EEXIST')) throw error
  }
}
