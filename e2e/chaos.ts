// npm run chaos -- --seeds 20 [--from 1] [--seed 7]
//
// Each seed is one demo in real processes. While a rollout is on its way, agents, model processes, the
// hub and PostgreSQL are ended with SIGKILL at random moments. Whatever was killed: the rollout ends
// right, sites where nothing was killed answer every request, and what the hub says of a site is true.
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { join } from 'node:path'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import { type Random, seededRandom } from '@skerry/base/random'
import { DemoRun, eventually } from './demo-run.ts'
import { Probe } from './probe.ts'
import { type ProcessEntry, descendantsOf, listProcesses } from './processes.ts'

const sites = ['depot-1', 'depot-2', 'depot-3'] as const
const endsWithinMs = 240_000
const targets = ['agent', 'model', 'hub', 'postgres'] as const
type Target = (typeof targets)[number]

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
  },
})
const first = Number(options.seed ?? options.from)
const count = options.seed === undefined ? Number(options.seeds) : 1

let passed = 0
for (let seed = first; seed < first + count; seed += 1) {
  const startedMs = Date.now()
  try {
    const told = await runSeed(seed)
    passed += 1
    console.log(`seed ${seed}: passed in ${seconds(startedMs)} s: ${told}`)
  } catch (error) {
    console.log(
      `seed ${seed}: FAILED after ${seconds(startedMs)} s: ${error instanceof Error ? error.stack : String(error)}`,
    )
    console.log(`replay: npm run chaos -- --seed ${seed}`)
  }
}
console.log(`chaos: ${passed} passed, ${count - passed} failed`)
process.exitCode = passed === count ? 0 : 1

async function runSeed(seed: number): Promise<string> {
  const random = seededRandom(seed)
  await using run = await DemoRun.start()
  const touched = new Set<string>()
  const probes = new Map<string, Probe>()
  try {
    for (const site of sites) probes.set(site, new Probe(run.modelUrl(site)))
    const isGood = random.next() < 0.5
    const file = isGood ? 'digits-v2.onnx' : 'digits-v4.onnx'
    await run.skerry(
      'model',
      'push',
      join(import.meta.dirname, '../examples/digits', file),
      '--model',
      'digits',
    )
    const kills = await killAtRandom({ run, random, touched, pauseMsMax: isGood ? 20_000 : 3_000 })
    await endsRight(run, isGood)
    await statusIsTrue(run, isGood ? 'v2' : 'v1')
    for (const site of sites) {
      const probe = probes.get(site)!
      if (!touched.has(site) && probe.failures.length > 0)
        throw new Error(
          `${site} was not touched, and ${probe.failures.length} of its requests failed: ${probe.failures[0]!.message}\n${run.logs()}`,
        )
      if (probe.answers === 0) throw new Error(`${site} answered nothing`)
    }
    return `${file}, killed ${kills.join(', ')}`
  } catch (error) {
    throw new Error(`${String(error)}\n${run.logs()}`, { cause: error })
  } finally {
    for (const probe of probes.values()) await probe[Symbol.asyncDispose]()
  }
}
type KillPlan = {
  readonly run: DemoRun
  readonly random: Random
  /** A bad version is caught within seconds, a good one takes a minute: the kills shall fall into it. */
  readonly pauseMsMax: number
  /** Sites where something of their own was killed. */
  readonly touched: Set<string>
}

async function killAtRandom({ run, random, pauseMsMax, touched }: KillPlan): Promise<string[]> {
  const kills: string[] = []
  const total = 2 + Math.floor(random.next() * 3)
  for (let kill = 0; kill < total; kill += 1) {
    await sleep(200 + random.next() * pauseMsMax)
    const target: Target = targets[Math.floor(random.next() * targets.length)]!
    const site = sites[Math.floor(random.next() * sites.length)]!
    const victim = findVictim(run, target, site)
    if (victim === undefined) continue
    if (target === 'agent' || target === 'model') touched.add(site)
    process.kill(victim.pid, 'SIGKILL')
    kills.push(target === 'agent' || target === 'model' ? `${target} of ${site}` : target)
  }
  return kills
}

function findVictim(run: DemoRun, target: Target, site: string): ProcessEntry | undefined {
  const all = listProcesses()
  const agent = all.find((entry) =>
    entry.command.includes(`--data=${join(run.data, 'sites', site)}`),
  )
  const hub = all.find((entry) => entry.command.includes(`--data=${join(run.data, 'hub')}`))
  switch (target) {
    case 'agent':
      return agent
    case 'model':
      return (
        agent &&
        descendantsOf(agent.pid, all).find((entry) => entry.command.includes('server-main'))
      )
    case 'hub':
      return hub
    case 'postgres':
      return (
        hub && descendantsOf(hub.pid, all).find((entry) => /postgres.* -D /.test(entry.command))
      )
  }
}

async function endsRight(run: DemoRun, isGood: boolean): Promise<void> {
  const wanted = isGood ? 'Succeeded' : 'RolledBack'
  await eventually(
    `the rollout is ${wanted}`,
    async () => {
      const { items } = await (await run.state()).list(rolloutKind, { namespace: 'default' })
      const newest = items
        .toSorted((left, right) =>
          left.metadata.creationTimestamp.localeCompare(right.metadata.creationTimestamp),
        )
        .at(-1)
      const phase = newest?.status?.phase
      if (phase !== wanted) throw new Error(`it is ${phase}: ${newest?.status?.message}`)
      return newest
    },
    endsWithinMs,
  )
}

/** What the hub says runs at a site is what answers there. */
async function statusIsTrue(run: DemoRun, version: string): Promise<void> {
  await eventually(
    `every site is green and runs ${version}, and says so`,
    async () => {
      const { items } = await (await run.state()).list(siteKind, { namespace: 'default' })
      for (const site of items) {
        const said = `${site.status?.connectivity} ${site.status?.health} ${site.status?.models}`
        if (said !== `Online Healthy digits ${version}`)
          throw new Error(`${site.metadata.name} is ${said}`)
        const response = await fetch(`${run.modelUrl(site.metadata.name)}/v2/models/digits`)
        const { versions } = (await response.json()) as { versions?: string[] }
        if (!versions?.includes(version))
          throw new Error(`${site.metadata.name} says ${version}, and ${versions?.join()} answers`)
      }
      return items.length === sites.length ? true : undefined
    },
    120_000,
  )
}

function seconds(sinceMs: number): number {
  return Math.round((Date.now() - sinceMs) / 1000)
}
