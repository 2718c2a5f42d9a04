import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { CommandError } from '../exit-code.ts'
import { type ProcessIdentity, identityOf, isRunning } from './process-identity.ts'

const stopGraceMs = 20_000
const lookEveryMs = 100

type Written = {
  /** The `skerry up` that keeps them running. */
  readonly owner?: ProcessIdentity | undefined
  readonly processes: readonly ProcessIdentity[]
}

/** The processes of one `skerry up`, on disk, so that the next one finds what a `kill -9` left behind. */
export class ProcessRecord {
  readonly #file: string
  readonly #running = new Map<string, ProcessIdentity>()

  constructor(file: string) {
    this.#file = file
  }

  set(name: string, identity: ProcessIdentity): void {
    this.#running.set(name, identity)
    mkdirSync(dirname(this.#file), { recursive: true, mode: 0o700 })
    const written: Written = {
      owner: identityOf(process.pid),
      processes: [...this.#running.values()],
    }
    writeFileSync(`${this.#file}.new`, JSON.stringify(written), { mode: 0o600 })
    renameSync(`${this.#file}.new`, this.#file)
  }

  /**
   * Ends what an earlier run left. Returns how many processes that were. Throws when that run is not
   * over: it would start again what is ended here.
   */
  async endLeftovers(): Promise<number> {
    const { owner, processes } = this.#read()
    if (owner !== undefined && isRunning(owner))
      throw new CommandError(
        `${dirname(this.#file)} is in use by another "skerry up" (process ${owner.pid}): end it by Ctrl-C there, or choose another folder with --data`,
      )
    const left = processes.filter(isRunning)
    for (const { pid } of left) signal(pid, 'SIGTERM')
    const deadlineMs = systemClock.monotonicMs() + stopGraceMs
    while (left.some(isRunning) && systemClock.monotonicMs() < deadlineMs)
      await systemClock.sleep(lookEveryMs)
    for (const identity of left.filter(isRunning)) signal(identity.pid, 'SIGKILL')
    return left.length
  }

  #read(): Written {
    if (!existsSync(this.#file)) return { processes: [] }
    try {
      const read = JSON.parse(readFileSync(this.#file, 'utf8')) as Written | ProcessIdentity[]
      return Array.isArray(read) ? { processes: read } : read
    } catch {
      // A torn file names nobody; the locks of hub and agents still tell in words.
      return { processes: [] }
    }
  }
}

function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name)
  } catch {
    // It ended in the meantime.
  }
}
