// Flame graphs of the hub's three hottest paths: a create, a get, and a change told to 1,000 watchers.
// Each is loaded alone in a hub of its own; the SVG files stand in bench/flame-graphs/.
import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Answer, Job, LoadJob } from './kubernetes-client.ts'
import { startHub } from './lib-api-servers.ts'
import { flameGraph } from './lib-flame-graph.ts'
import type { Target } from './lib-http1.ts'

const folder = join(import.meta.dirname, 'flame-graphs')
const sites = 1_000
const path = '/apis/skerry.dev/v1alpha1/namespaces/default/sites'

const loadOf = (target: Target, verb: LoadJob['verb'], first: number): Job => ({
  type: 'load',
  target,
  verb,
  clients: 16,
  first,
  count: verb === 'create' ? 8_000 : sites,
  seconds: verb === 'create' ? 0 : 8,
})

const paths: Record<string, (target: Target) => Job> = {
  create: (target) => loadOf(target, 'create', sites),
  get: (target) => loadOf(target, 'get', 0),
  watch: (target) => ({
    type: 'watch',
    target,
    path,
    watchers: 1_000,
    changesPerSecond: 20,
    seconds: 8,
    sites,
    toldShare: 1,
  }),
}

export async function run(): Promise<void> {
  mkdirSync(folder, { recursive: true })
  for (const [name, job] of Object.entries(paths)) {
    const dir = mkdtempSync(join(tmpdir(), 'sk-'))
    try {
      await profile(name, dir, job)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  }
}

async function profile(name: string, dir: string, job: (target: Target) => Job): Promise<void> {
  const profiles = join(dir, 'profiles')
  const options = ['--cpu-prof', `--cpu-prof-dir=${profiles}`]
  {
    await using hub = await startHub(join(dir, 'hub'), 24_443, options)
    const client = fork(join(import.meta.dirname, 'kubernetes-client.ts'))
    const ask = (asked: Job): Promise<void> =>
      new Promise((resolve, reject) => {
        const hear = (answer: Answer): void => {
          if (answer.type === 'begun') return
          client.off('message', hear)
          if (answer.type === 'done') resolve()
          else reject(new Error(answer.error))
        }
        client.on('message', hear)
        client.send(asked)
      })
    await ask({ ...(loadOf(hub.target, 'create', 0) as LoadJob), count: sites })
    await ask(job(hub.target))
    client.kill()
  }
  const file = readdirSync(profiles).find((each) => each.endsWith('.cpuprofile'))!
  const svg = flameGraph(readFileSync(join(profiles, file), 'utf8'), `hub, ${name}`)
  writeFileSync(join(folder, `${name}.svg`), svg)
  console.log(`bench/flame-graphs/${name}.svg`)
}

if (import.meta.main) await run()
