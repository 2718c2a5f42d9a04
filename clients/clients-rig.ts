import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { startHub, temporaryFolder } from '../packages/hub/integration/hub-process.ts'

/**
 * What the clients speak to: a hub of their own, or the cluster that CLIENTS_KUBECONFIG names, which has
 * our kinds as CustomResourceDefinitions (`record-kubectl.ts` gives them). That proves the test itself.
 */
export type ClientsRig = AsyncDisposable & {
  readonly directory: string
  readonly kubeconfig: string
  /** A hub has controllers for our kinds; a cluster only keeps them. */
  readonly isHub: boolean
  /** The hub is killed with no word, and started again on the same data and port. */
  restart(): Promise<void>
}

export type Ran = { readonly code: number; readonly stdout: string; readonly stderr: string }

export async function openClientsRig(): Promise<ClientsRig> {
  const folder = temporaryFolder()
  const directory = folder.path
  const given = process.env['CLIENTS_KUBECONFIG']
  if (given !== undefined) {
    const kubeconfig = join(directory, 'kubeconfig')
    await writeFile(kubeconfig, await readFile(given))
    return {
      directory,
      kubeconfig,
      isHub: false,
      restart: async () => {},
      [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
    }
  }
  const data = join(directory, 'hub')
  const kubeconfig = join(data, 'kubeconfig')
  const start = async (port: string) => {
    const started = startHub('--data', data, '--port', port, '--gateway-port', '0')
    await (await started.ready())[Symbol.asyncDispose]()
    return started
  }
  let hub = await start('0')
  return {
    directory,
    kubeconfig,
    isHub: true,
    async restart() {
      const port = /https:\/\/[^:]+:(\d+)/.exec(await readFile(kubeconfig, 'utf8'))![1]!
      hub.child.kill('SIGKILL')
      await hub.exited
      hub = await start(port)
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      folder[Symbol.dispose]()
    },
  }
}

/** Runs a program to its end, as the administrator of the rig. */
export function runClient(rig: ClientsRig, program: string, ...args: string[]): Promise<Ran> {
  const options = { cwd: rig.directory, timeout: 120_000, env: clientEnvironment(rig) }
  return new Promise((resolve) => {
    execFile(program, args, options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1
      resolve({ code, stdout, stderr })
    })
  })
}

/** As `runClient`, and what it printed; an exit code other than 0 fails the test. */
export async function ranWell(rig: ClientsRig, program: string, ...args: string[]) {
  const { code, stdout, stderr } = await runClient(rig, program, ...args)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${code}\n${stderr}${stdout}`)
  return stdout
}

/** A program that goes on until it is killed, with what it prints. */
export type Running = AsyncDisposable & {
  readonly child: ChildProcess
  readonly exited: Promise<number | null>
  lines(): string[]
  said(): string
}

export function spawnClient(rig: ClientsRig, program: string, ...args: string[]): Running {
  const child = spawn(program, args, {
    cwd: rig.directory,
    env: clientEnvironment(rig),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err = (err + chunk.toString()).slice(-20_000)))
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    child,
    exited,
    lines: () => out.split('\n').slice(0, -1),
    said: () => err,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

function clientEnvironment(rig: ClientsRig): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: rig.directory,
    KUBECONFIG: rig.kubeconfig,
    HELM_CACHE_HOME: join(rig.directory, 'helm-cache'),
    HELM_CONFIG_HOME: join(rig.directory, 'helm-config'),
    HELM_DATA_HOME: join(rig.directory, 'helm-data'),
  }
}

/** Asks again until it answers with something; what it last saw is told when it never does. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = 30_000,
): Promise<T> {
  for (let waitedMs = 0; waitedMs < withinMs; waitedMs += 200) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await systemClock.sleep(200)
  }
  throw new Error(`not within ${withinMs} ms: ${what}`)
}
