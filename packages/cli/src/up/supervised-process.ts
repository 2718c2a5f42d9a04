import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { backoffMs } from '@skerry/base/backoff'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { type ProcessIdentity, identityOf } from './process-identity.ts'

export type ProcessOptions = {
  readonly name: string
  readonly command: readonly string[]
  /** Added to our own environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly logFile: string
  /** Told when the process ended though nobody asked it to, and when it was started again. */
  readonly onUnplanned: (sentence: string) => void
  /** Told whenever a process starts, so that leftovers can be found after a crash. */
  readonly onStart: (identity: ProcessIdentity) => void
}

const restart = { firstMs: 500, maxMs: 10_000 }
/** A process that ran this long is well again: the next restart is quick. */
const stableMs = 30_000
const stopGraceMs = 20_000

/**
 * A process of its own group, kept running as an init system would keep it: started again with a
 * growing pause when it ends by itself, its output in a file.
 */
export class SupervisedProcess {
  readonly #options: ProcessOptions
  readonly #stop = new AbortController()
  #child: ChildProcess | undefined
  readonly #finished: Promise<void>
  /** The exit of a process that never came up is told by whoever waits for it. */
  lastExit: string | undefined

  constructor(options: ProcessOptions) {
    this.#options = options
    mkdirSync(dirname(options.logFile), { recursive: true, mode: 0o700 })
    this.#finished = this.#keepRunning()
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** SIGTERM, then SIGKILL when it does not end in time. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopped'))
    const child = this.#child
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      const ended = new AbortController()
      void killAfterGrace(child, ended.signal)
      await this.#finished
      ended.abort(new Error('ended in time'))
    }
    await this.#finished
  }

  async #keepRunning(): Promise<void> {
    const { signal } = this.#stop
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      const startedMs = systemClock.monotonicMs()
      this.lastExit = await this.#runOnce()
      if (signal.aborted) return
      const hasBeenStable = systemClock.monotonicMs() - startedMs > stableMs
      const pauseMs = backoffMs(hasBeenStable ? 0 : attempt, restart, systemRandom)
      this.#options.onUnplanned(
        `${this.#options.name} ${this.lastExit}; starting it again in ${(pauseMs / 1000).toFixed(1)} s (log: ${this.#options.logFile})`,
      )
      await systemClock.sleep(pauseMs, signal).catch(() => {})
    }
  }

  #runOnce(): Promise<string> {
    const { command, environment, logFile, onStart } = this.#options
    const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
    return new Promise((resolve) => {
      const child = spawn(command[0]!, command.slice(1), {
        env: { ...process.env, ...environment },
        stdio: ['ignore', 'pipe', 'pipe'],
        detached: true,
      })
      this.#child = child
      child.stdout.pipe(log, { end: false })
      child.stderr.pipe(log, { end: false })
      const identity = child.pid === undefined ? undefined : identityOf(child.pid)
      if (identity !== undefined) onStart(identity)
      child.on('error', (error) => resolve(`could not be started: ${error.message}`))
      child.on('close', (code, signal) => {
        log.end()
        resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`)
      })
    })
  }
}

async function killAfterGrace(child: ChildProcess, ended: AbortSignal): Promise<void> {
  const isLate = await systemClock.sleep(stopGraceMs, ended).then(
    () => true,
    () => false,
  )
  if (isLate) child.kill('SIGKILL')
}
