import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Keeps two hubs off one data directory. The file names a process by number and start time, so a lock
 * that a `kill -9` left behind is seen for what it is. Throws a sentence when another hub is at work.
 */
export function lockDataDirectory(dataDir: string): Disposable {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const file = join(dataDir, 'hub.lock')
  const own = `${process.pid} ${startTicks(process.pid) ?? ''}`
  for (let attempt = 0; ; attempt += 1) {
    try {
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, own)
      closeSync(handle)
      return { [Symbol.dispose]: () => rmSync(file, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const holder = readHolder(file)
    if (attempt > 0 || isAlive(holder))
      throw new Error(
        `${dataDir} belongs to another hub that is running (process ${holder?.pid ?? 'unknown'}): stop it, or choose another folder with --data`,
      )
    rmSync(file, { force: true })
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

/** Clock ticks from boot to the start of a process (field 22 of /proc/PID/stat). */
function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}
