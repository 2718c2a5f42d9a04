import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import { loadKubeconfig } from '@skerry/client/kubeconfig'
import { type DemoRun, eventually } from './demo-run.ts'

const stopWithinMs = 20_000

export type ExtraAgentOptions = {
  /** A site that exists. */
  readonly site: string
  /** The program: the bundle or the source. */
  readonly agent: string
  /** Of Node.js. */
  readonly flags?: readonly string[]
  /** http://host:port */
  readonly proxy?: string
}

/** The agent as it is shipped: builds the bundle and gives its path. */
export function buildAgent(): string {
  const root = join(import.meta.dirname, '..')
  execFileSync(process.execPath, [join(root, 'scripts/build.ts')], { cwd: root, stdio: 'pipe' })
  return join(root, 'dist/device/agent.mjs')
}

/** One more site of a demo, started by whoever tries it: another program, or another way to the hub. */
export class ExtraAgent implements AsyncDisposable {
  readonly #child: ChildProcess

  constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(demo: DemoRun, options: ExtraAgentOptions): Promise<ExtraAgent> {
    const { site, agent, proxy, flags = [] } = options
    const token = await demo.skerry('token', 'create', '--site', site)
    if (token.code !== 0) throw new Error(`no token for ${site}: ${token.stderr}`)
    const { server } = await loadKubeconfig(demo.kubeconfig)
    mkdirSync(join(demo.data, 'logs'), { recursive: true })
    const log = createWriteStream(join(demo.data, 'logs', `${site}.log`), { flags: 'a' })
    const words = [
      `--data=${join(demo.data, 'sites', site)}`,
      `--hub=${server}`,
      `--site=${site}`,
      `--join=${token.stdout.trim()}`,
      ...(proxy === undefined ? [] : [`--proxy=${proxy}`]),
    ]
    const child = spawn(process.execPath, [...flags, agent, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    child.stdout.pipe(log, { end: false })
    child.stderr.pipe(log, { end: false })
    return new ExtraAgent(child)
  }

  get pid(): number {
    const { pid, exitCode } = this.#child
    if (pid === undefined || exitCode !== null) throw new Error('the agent does not run')
    return pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    child.kill('SIGTERM')
    const late = sleep(stopWithinMs, 'late', { ref: false })
    if ((await Promise.race([ended, late])) === 'late') child.kill('SIGKILL')
  }
}

/** A site as `skerry up` makes them, by another name. */
export async function copySite(demo: DemoRun, name: string): Promise<void> {
  const state = await demo.state()
  const first = (await state.get(siteKind, { namespace: 'default', name: 'depot-1' }))!
  await state.create(siteKind, {
    metadata: { name, namespace: 'default', labels: { ...first.metadata.labels } },
    spec: first.spec,
  })
}

/** Resolves when these sites are connected, healthy and run what was asked for. */
export async function untilGreen(demo: DemoRun, names: readonly string[]): Promise<void> {
  const state = await demo.state()
  for (const name of names)
    await eventually(
      `${name} is green`,
      async () => {
        const site = await state.get(siteKind, { namespace: 'default', name })
        const said = describe(site)
        if (said !== 'Online Healthy Synced') throw new Error(`${name} is ${said}`)
        return site
      },
      120_000,
    )
}

function describe(site: Site | undefined): string {
  const { connectivity, health, sync } = site?.status ?? {}
  return `${connectivity} ${health} ${sync}`
}
