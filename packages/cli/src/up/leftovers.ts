import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { type ProcessIdentity, isRunning } from './process-identity.ts'

const stopGraceMs = 20_000
const lookEveryMs = 100

/** The processes of one `skerry up`, on disk, so that the next one finds what a `kill -9` left behind. */
export class ProcessRecord {
  readonly #file: string
  readonly #running = new Map<string, ProcessIdentity>()

  constructor(file: string) {
    this.#file = file
  }

  set(name: string, identity: ProcessIdentity): void {
    this.#running.set(name, identity)
    mkdirSync(dirname(this.#file), { recursive: true })
    writeFileSync(`${this.#file}.new`, JSON.stringify([...this.#running.values()]))
    renameSync(`${this.#file}.new`, this.#file)
  }

  /** Ends what an earlier run left. Returns how many processes that were. */
  async endLeftovers(): Promise<number> {
    const left = this.#read().filter(isRunning)
    for (const { pid } of left) signal(pid, 'SIGTERM')
    const deadlineMs = systemClock.monotonicMs() + stopGraceMs
    while (left.some(isRunning) && systemClock.monotonicMs() < deadlineMs)
      await systemClock.sleep(lookEveryMs)
    for (const identity of left.filter(isRunning)) signal(identity.pid, 'SIGKILL')
    return left.length
  }

  #read(): ProcessIdentity[] {
    if (!existsSync(this.#file)) return []
    try {
      return JSON.parse(readFileSync(this.#file, 'utf8')) as ProcessIdentity[]
    } catch {
      // A torn file names nobody; the locks of hub and agents still tell in words.
      return []
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
