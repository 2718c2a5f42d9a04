// Resident memory of an agent with one model layer and one workload, and of a hub with three sites. The
// agent runs as it is shipped (the bundle) and, beside it, from source. Everything is real: depot-1 is
// the source agent of `skerry up`, depot-2 and depot-3 run the bundle; each serves digits to a sorting
// line. Model processes, workloads and PostgreSQL are processes of their own and not counted.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { DemoRun } from '../e2e/demo-run.ts'
import { listProcesses } from '../e2e/processes.ts'
import { ExtraAgent, buildAgent, copySite, untilGreen } from '../e2e/extra-agent.ts'
import { writeResults } from './lib-results.ts'

const settleMs = Number(process.env['SKERRY_BENCH_SETTLE_MS'] ?? 60_000)
const samples = 30
const sampleEveryMs = 1000

const promises = {
  'agent, bundle': '<= 100 MiB, aim 70',
  'agent, bundle (second site)': '<= 100 MiB, aim 70',
  'agent, source': 'none: for comparison',
  'hub with 3 sites': '<= 200 MiB',
} as const
type Subject = keyof typeof promises

export async function run(): Promise<void> {
  const agent = buildAgent()
  await using demo = await DemoRun.start(1)
  await copySite(demo, 'depot-2')
  await copySite(demo, 'depot-3')
  await using second = await ExtraAgent.start(demo, { site: 'depot-2', agent })
  await using third = await ExtraAgent.start(demo, { site: 'depot-3', agent })
  await untilGreen(demo, ['depot-1', 'depot-2', 'depot-3'])
  const pids: Record<Subject, number> = {
    'agent, bundle': second.pid,
    'agent, bundle (second site)': third.pid,
    'agent, source': pidOf(join(demo.data, 'sites', 'depot-1')),
    'hub with 3 sites': pidOf(join(demo.data, 'hub')),
  }
  await sleep(settleMs)
  const subjects = Object.keys(promises) as Subject[]
  const seen = new Map<Subject, Memory[]>(subjects.map((subject) => [subject, []]))
  for (let sample = 0; sample < samples; sample += 1) {
    for (const subject of subjects) seen.get(subject)!.push(memoryOf(pids[subject]))
    await sleep(sampleEveryMs)
  }
  const rows = subjects.map((subject) => summary(subject, seen.get(subject)!))
  console.table(rows)
  writeResults('footprint', {
    unit: 'MiB',
    steadySeconds: settleMs / 1000,
    overSeconds: (samples * sampleEveryMs) / 1000,
    rows,
  })
}

function pidOf(data: string): number {
  const found = listProcesses().find(({ command }) => command.includes(`--data=${data} `))
  if (found === undefined) throw new Error(`no process has --data=${data}`)
  return found.pid
}

type Memory = { readonly rssKiB: number; readonly pssKiB: number; readonly ownKiB: number }

/** From the kernel. `own` is what nobody else maps: what ends when the process ends. */
function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  const read = (field: string) => {
    const found = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)
    if (found === null) throw new Error(`/proc/${pid}/smaps_rollup says nothing of ${field}`)
    return Number(found[1])
  }
  return {
    rssKiB: read('Rss'),
    pssKiB: read('Pss'),
    ownKiB: read('Private_Clean') + read('Private_Dirty'),
  }
}

function summary(subject: Subject, memories: readonly Memory[]) {
  const mebibytes = (kib: number) => Math.round((kib / 1024) * 10) / 10
  const rss = memories.map(({ rssKiB }) => rssKiB).toSorted((left, right) => left - right)
  const last = memories.at(-1)!
  return {
    subject,
    promise: promises[subject],
    rssMax: mebibytes(rss.at(-1)!),
    rssMedian: mebibytes(rss[Math.floor(rss.length / 2)]!),
    pss: mebibytes(last.pssKiB),
    own: mebibytes(last.ownKiB),
  }
}

if (import.meta.main) await run()
