import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeDirectory } from '@skerry/artifact/make-directory'
import { startTicksOf } from '@skerry/base/process-start'

/**
 * Keeps two hubs off one data directory. The file names a process by number and start time, so a lock
 * that a `kill -9` left behind is seen for what it is. Throws a sentence when another hub is at work.
 */
export function lockDataDirectory(dataDir: string): Disposable {
  makeDirectory(dataDir)
  const file = join(dataDir, 'hub.lock')
  const own = `${file}.${process.pid}`
  try {
    // Linked to its name when it is whole: nobody reads a lock that names no process yet.
    writeFileSync(own, `${process.pid} ${startTicks(process.pid) ?? ''}`, { mode: 0o600 })
    for (let attempt = 0; !isLinked(own, file); attempt += 1) {
      const holder = readHolder(file)
      if (attempt > 0 || isAlive(holder))
        throw new Error(
          `${dataDir} belongs to another hub that is running (process ${holder?.pid ?? 'unknown'}): stop it, or choose another folder with --data`,
        )
      rmSync(file, { force: true })
    }
  } finally {
    rmSync(own, { force: true })
  }
  return { [Symbol.dispose]: () => rmSync(file, { force: true }) }
}

/** Whether the link could be made; false when there is a file of that name. */
function isLinked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw thrown
  }
}

/** Whether a hub is at work on a data directory. */
export function isHubLocked(dataDir: string): boolean {
  return isAlive(readHolder(join(dataDir, 'hub.lock')))
}

type Holder = { readonly pid: number; readonly startTicks: string }

function isAlive(holder: Holder | undefined): boolean {
  return holder !== undefined && startTicks(holder.pid) === holder.startTicks
}

function readHolder(file: string): Holder | undefined {
  try {
    const [pid = '', ticks = ''] = readFileSync(file, 'utf8').split(' ')
    return { pid: Number(pid), startTicks: ticks }
  } catch {
    return undefined
  }
}

function startTicks(pid: number): string | undefined {
  try {
    return startTicksOf(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return undefined
  }
}
