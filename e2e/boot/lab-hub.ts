import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceKind } from '@skerry/api/kinds/device'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { createHttpState } from '@skerry/client/http-state'
import { loadKubeconfig } from '@skerry/client/kubeconfig'
import { eventually } from '../demo-run.ts'
import { bootLimits } from './limits.ts'
import { repository } from './source-key.ts'

/** How the machines in the lab reach this one. */
export const hostForGuests = '10.0.2.2'

/** A real hub, as a process with its own PostgreSQL, on data that it keeps. */
export class LabHub implements AsyncDisposable {
  readonly data: string
  readonly port: number
  readonly state: State & AsyncDisposable
  #child: ChildProcess

  private constructor(
    data: string,
    port: number,
    parts: { child: ChildProcess; state: LabHub['state'] },
  ) {
    this.data = data
    this.port = port
    this.#child = parts.child
    this.state = parts.state
  }

  static async start(data: string, port: number): Promise<LabHub> {
    const child = startHub(data, port)
    try {
      const address = await eventually(
        `a hub on port ${port} (${data}.log)`,
        async () => {
          if (child.exitCode !== null || child.signalCode !== null)
            throw new Error(`it ended: ${await logTail(data)}`)
          const found = await loadKubeconfig(await localKubeconfig(data, port))
          const trial = createHttpState({ ...found, kinds, clock: systemClock })
          await using _ = trial
          await trial.list(deviceKind)
          return found
        },
        bootLimits.hubReadyMs,
      )
      const state = createHttpState({ ...address, kinds, clock: systemClock })
      return new LabHub(data, port, { child, state })
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  /** A command of the command line at this hub; rejects with what it said. */
  skerry(...args: string[]): Promise<string> {
    const cli = join(repository, 'packages/cli/src/main.ts')
    const words = [cli, ...args, '--kubeconfig', localKubeconfigOf(this.data)]
    return new Promise((resolve, reject) => {
      execFile(
        process.execPath,
        words,
        { timeout: bootLimits.commandMs },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout)
          else reject(new Error(`skerry ${args.join(' ')}: ${stderr.trim() || error.message}`))
        },
      )
    })
  }

  /** Stands still, as if it or the link were gone: nothing is answered until `resume`. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  resume(): void {
    this.#child.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.state[Symbol.asyncDispose]()
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<'ended'>((resolve) => child.once('exit', () => resolve('ended')))
    this.resume()
    child.kill('SIGTERM')
    // A timer that is left behind would keep the runner from ending.
    const over = new AbortController()
    const late = systemClock.sleep(bootLimits.hubStopMs, over.signal).then(
      () => 'late' as const,
      () => 'ended' as const,
    )
    if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL')
    over.abort()
  }
}

function startHub(data: string, port: number): ChildProcess {
  const program = join(repository, 'packages/hub/src/main.ts')
  const words = [program, '--data', data, '--port', `${port}`, '--name', hostForGuests]
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'pipe'] })
  child.stderr.pipe(createWriteStream(`${data}.log`, { flags: 'a' }))
  return child
}

const localKubeconfigOf = (data: string) => join(data, 'kubeconfig.local')

/** The hub's own kubeconfig names the address that guests have; here it has another. */
async function localKubeconfig(data: string, port: number): Promise<string> {
  const text = await readFile(join(data, 'kubeconfig'), 'utf8')
  const file = localKubeconfigOf(data)
  await writeFile(
    file,
    text.replaceAll(`https://${hostForGuests}:${port}`, `https://127.0.0.1:${port}`),
    { mode: 0o600 },
  )
  return file
}

async function logTail(data: string): Promise<string> {
  const text = await readFile(`${data}.log`, 'utf8').catch(() => '')
  return text.split('\n').slice(-8).join('\n')
}
