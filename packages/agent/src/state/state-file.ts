import { createHash } from 'node:crypto'
import type { Log } from '@skerry/base/log'
import { type Disk, DiskError } from '../host.ts'

/**
 * One value in one file that is there in full or not at all: written beside, synced, renamed, and the
 * directory synced. The first line carries the digest of the rest, so that a file that decayed is
 * noticed and set aside instead of believed.
 */
export type StateFile<T> = {
  /**
   * The value, or undefined if there is none that can be believed. Rejects with `DiskError` when the file
   * is vital and cannot be read just now.
   */
  read(): Promise<T | undefined>
  /** Resolves when the value outlives a power cut. */
  write(value: T): Promise<void>
}

export type StateFileOptions<T> = {
  readonly disk: Disk
  readonly directory: string
  readonly name: string
  readonly log: Log
  /** Whether what cannot be read must not be taken for what is not there. */
  readonly isVital?: boolean
  /** The value if it has the right shape, else undefined. */
  parse(value: unknown): T | undefined
}

const header = 'skerry-state-1'

export function createStateFile<T>(options: StateFileOptions<T>): StateFile<T> {
  const { disk, directory, name, log } = options
  const path = `${directory}/${name}`
  let queue: Promise<void> = Promise.resolve()

  const read = async (): Promise<T | undefined> => {
    const bytes =
      options.isVital === true ? await disk.read(path) : await readQuietly(disk, path, log)
    if (bytes === undefined) return undefined
    const value = parseChecked(Buffer.from(bytes).toString('utf8'))
    const parsed = value === undefined ? undefined : options.parse(value)
    if (parsed === undefined) {
      log.error('A state file is damaged and set aside', { path, movedTo: `${path}.damaged` })
      await setAside(disk, directory, name)
    }
    return parsed
  }

  const write = (value: T): Promise<void> => {
    const body = JSON.stringify(value)
    const text = `${header} sha256:${digestOf(body)}\n${body}\n`
    queue = queue.catch(() => {}).then(() => replaceFile(disk, directory, name, text))
    return queue
  }
  return { read, write }
}

/** Writes a file so that after a power cut the old one or the new one is there. */
async function replaceFile(
  disk: Disk,
  directory: string,
  name: string,
  text: string,
): Promise<void> {
  const temporary = `${directory}/${name}.new`
  {
    await using file = await disk.open(temporary, 'create')
    await file.pwrite(Buffer.from(text), 0)
    await file.sync()
  }
  await disk.rename(temporary, `${directory}/${name}`)
  await disk.syncDirectory(directory)
}

async function readQuietly(disk: Disk, path: string, log: Log): Promise<Uint8Array | undefined> {
  try {
    return await disk.read(path)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
    log.error('A state file cannot be read', { path, error: error.message })
    return undefined
  }
}

async function setAside(disk: Disk, directory: string, name: string): Promise<void> {
  try {
    await disk.rename(`${directory}/${name}`, `${directory}/${name}.damaged`)
  } catch (error) {
    // A disk that cannot rename leaves it where it is: the next write replaces it.
    if (!(error instanceof DiskError)) throw error
  }
}

function parseChecked(text: string): unknown {
  const end = text.indexOf('\n')
  const [magic, digest] = text.slice(0, Math.max(0, end)).split(' ')
  const body = text.slice(end + 1, -1)
  if (magic !== header || digest !== `sha256:${digestOf(body)}`) return undefined
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function digestOf(body: string): string {
  return createHash('sha256').update(body).digest('hex')
}
