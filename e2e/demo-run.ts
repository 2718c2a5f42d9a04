import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { kinds } from '@skerry/api/kinds'
import type { State } from '@skerry/api/state'
import { systemClock } from '@skerry/base/clock'
import { createHttpState } from '@skerry/client/http-state'
import { loadKubeconfig } from '@skerry/client/kubeconfig'

const cli = join(import.meta.dirname, '../packages/cli/src/main.ts')
const readyWithinMs = 120_000
const stopWithinMs = 60_000
const commandWithinMs = 600_000

export type CommandResult = {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** One `skerry up` as a user starts it: real processes, a folder of its own, ports that are free. */
export class DemoRun implements AsyncDisposable {
  readonly data: string
  readonly port: number
  readonly kubeconfig: string
  output = ''
  #process: ChildProcess | undefined
  #state: (State & AsyncDisposable) | undefined
  readonly #sites: number

  constructor(data: string, port: number, sites: number) {
    this.data = data
    this.port = port
    this.#sites = sites
    this.kubeconfig = join(data, 'kubeconfig')
  }

  static async start(sites = 3): Promise<DemoRun> {
    const run = new DemoRun(mkdtempSync(join(tmpdir(), 'skerry-')), await freePorts(), sites)
    try {
      await run.up()
    } catch (error) {
      // A demo that does not come up is nobody's to end.
      await run[Symbol.asyncDispose]()
      throw error
    }
    return run
  }

  /** Starts, or starts again on the same data; resolves when the five commands to try are printed. */
  async up(): Promise<void> {
    this.output = ''
    const child = spawn(
      process.execPath,
      [cli, 'up', `--data=${this.data}`, `--port=${this.port}`, `--sites=${this.#sites}`],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#process = child
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()))
    const deadline = Date.now() + readyWithinMs
    while (!this.output.includes('Ctrl-C ends everything')) {
      if (child.exitCode !== null)
        throw new Error(`skerry up ended:\n${this.output}\n${this.logs()}`)
      if (Date.now() > deadline) throw new Error(`not ready:\n${this.output}\n${this.logs()}`)
      await sleep(100)
    }
  }

  /** Ctrl-C, and the wait for everything to end. */
  async down(): Promise<number | null> {
    await this.#state?.[Symbol.asyncDispose]()
    this.#state = undefined
    const child = this.#process
    if (child === undefined || child.exitCode !== null) return child?.exitCode ?? null
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    child.kill('SIGINT')
    const late = sleep(stopWithinMs, 'late', { ref: false })
    if ((await Promise.race([ended, late])) === 'late') {
      child.kill('SIGKILL')
      throw new Error(`skerry up did not end within ${stopWithinMs} ms:\n${this.output}`)
    }
    return await ended
  }

  async state(): Promise<State> {
    this.#state ??= createHttpState({
      ...(await loadKubeconfig(this.kubeconfig)),
      kinds,
      clock: systemClock,
    })
    return this.#state
  }

  /** A command that talks to the hub. */
  skerry(...args: string[]): Promise<CommandResult> {
    return runCommand([...args, '--kubeconfig', this.kubeconfig])
  }

  /** `skerry backup DIR` and `skerry restore DIR`, which work on the folder. */
  hubCommand(command: 'backup' | 'restore', folder: string): Promise<CommandResult> {
    return runCommand([command, folder, '--data', this.data])
  }

  /** Where the model of a site answers; the agent keeps its ports in a file whose first line is a checksum. */
  modelUrl(site: string): string {
    const file = join(this.data, 'sites', site, 'state', 'ports.json')
    const text = readFileSync(file, 'utf8')
    const ports = JSON.parse(text.slice(text.indexOf('\n') + 1)) as Record<string, number>
    return `http://127.0.0.1:${ports['digits']}`
  }

  /** The last lines of every log, for a test that failed. */
  logs(): string {
    return ['hub', 'depot-1', 'depot-2', 'depot-3']
      .map((name) => {
        try {
          const text = readFileSync(join(this.data, 'logs', `${name}.log`), 'utf8')
          return `--- ${name}\n${text.split('\n').slice(-15).join('\n')}`
        } catch {
          return `--- ${name}: no log`
        }
      })
      .join('\n')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.down()
    if (process.env['SKERRY_KEEP'] === undefined)
      rmSync(this.data, { recursive: true, force: true })
  }
}

function runCommand(args: string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [cli, ...args],
      { timeout: commandWithinMs },
      (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    )
  })
}

/** A port that is free and whose next one is free too: hub and gateway. */
async function freePorts(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = await listenOnce(0)
    if (port < 65_000 && (await listenOnce(port + 1).catch(() => 0)) !== 0) return port
  }
  throw new Error('no two free ports in a row')
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        resolve(typeof address === 'object' && address !== null ? address.port : 0),
      )
    })
  })
}

/** Waits until `look` gives something; fails with what it last said. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined>,
  withinMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + withinMs
  let last = ''
  while (Date.now() < deadline) {
    try {
      const found = await look()
      if (found !== undefined) return found
    } catch (error) {
      last = String(error)
    }
    await sleep(250)
  }
  throw new Error(`${what}: not within ${withinMs} ms. ${last}`)
}
