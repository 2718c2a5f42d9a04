import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'

/** What other commands on the same machine need to know of a hub that runs. */
export type RunningHub = { readonly databaseUrl: string }

const fileName = 'running.json'

/** Written while the hub runs, readable by its owner alone; taken away at its end. */
export async function announceRunningHub(
  data: string,
  running: RunningHub,
): Promise<AsyncDisposable> {
  const file = join(data, fileName)
  await writeFileAtomic(file, JSON.stringify(running), 0o600)
  return { [Symbol.asyncDispose]: () => rm(file, { force: true }) }
}

export async function readRunningHub(data: string): Promise<RunningHub | undefined> {
  try {
    return JSON.parse(await readFile(join(data, fileName), 'utf8')) as RunningHub
  } catch {
    return undefined
  }
}
