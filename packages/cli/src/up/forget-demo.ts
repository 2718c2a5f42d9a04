import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { CommandError } from '../exit-code.ts'

/** All that `skerry up` makes in its folder. */
const made: ReadonlySet<string> = new Set([
  'hub',
  'kubeconfig',
  'logs',
  'processes.json',
  'processes.json.new',
  'sites',
])

/**
 * Removes what an earlier `skerry up` made in a folder, and nothing else: a slip of the finger may have
 * named a home directory. Throws, and removes nothing, when the folder is not one of ours.
 */
export async function forgetDemo(data: string): Promise<void> {
  const names = await namesIn(data)
  if (names.length === 0) return
  if (!names.includes('hub') || !names.includes('processes.json'))
    throw new CommandError(
      `--reset: ${data} was not made by "skerry up", and nothing was removed: name its folder with --data`,
    )
  for (const name of names)
    if (made.has(name)) await rm(join(data, name), { recursive: true, force: true })
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw thrown
  }
}
