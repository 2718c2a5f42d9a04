// npm run chaos:hub -- --seeds 20 [--from 1] [--seed 7] [--writes 10000]
//
// Two hubs in real processes on one real PostgreSQL. Writers create, change and delete through both while
// hubs, PostgreSQL and connections are killed, stopped and cut; 50 watchers and, where it is built, an
// informer of client-go at each hub listen and come back. In the end what was answered, what was told and what is there are held against the log of the database.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import { startEmbeddedPostgres } from '@skerry/store/embedded-postgres'
import { connect } from '@skerry/store/postgres-connections'
import {
  type History,
  type LogEntry,
  type WatchFilter,
  type WriteRecord,
  checkHistory,
  expectedEvents,
} from './hub-chaos-check.ts'
import { doHarm } from './hub-chaos-faults.ts'
import { type ChaosHub, createChaosHub } from './hub-chaos-hub.ts'
import { informerProblem, startInformer } from './hub-chaos-informer.ts'
import {
  type AnyObject,
  chaosObject,
  collectionPath,
  finalOf,
  namespaces,
  resources,
  seenOf,
  shards,
} from './hub-chaos-objects.ts'
import { type ChaosWatcher, createWatcher } from './hub-chaos-watcher.ts'
import { runWriter } from './hub-chaos-writer.ts'

const { values: options } = parseArgs({
  options: {
    seeds: { type: 'string', default: '3' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    writes: { type: 'string', default: '10000' },
    writers: { type: 'string', default: '24' },
    watchers: { type: 'string', default: '50' },
    faults: { type: 'string', default: '14' },
  },
})
const first = Number(options.seed ?? options.from)
const count = options.seed === undefined ? Number(options.seeds) : 1
const problemsShownMax = 20
const unfiltered = { namespace: undefined, shard: undefined }

const noInformer = informerProblem()
if (noInformer !== undefined) console.log(`without client-go: ${noInformer}`)
let passed = 0
for (let seed = first; seed < first + count; seed += 1) {
  const startedMs = Date.now()
  const seconds = () => Math.round((Date.now() - startedMs) / 1000)
  console.log(`seed ${seed}: node e2e/hub-chaos.ts --seed ${seed} --writes ${options.writes}`)
  try {
    console.log(
      `seed ${seed}: passed in ${await runSeed(seed).then((told) => `${seconds()} s: ${told}`)}`,
    )
    passed += 1
  } catch (error) {
    const told = error instanceof Error ? error.stack : String(error)
    console.log(`seed ${seed}: FAILED after ${seconds()} s: ${told}`)
  }
}
console.log(`hub chaos: ${passed} passed, ${count - passed} failed`)
process.exitCode = passed === count ? 0 : 1

async function runSeed(seed: number): Promise<string> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'skerry-hub-chaos-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const databaseFolder = join(folder, 'database')
  const { databaseUrl } = stack.use(
    await startEmbeddedPostgres({ dataDir: databaseFolder, clock: systemClock, log: silentLog }),
  )
  const hubs: ChaosHub[] = []
  for (const name of ['a', 'b'])
    hubs.push(stack.use(await createChaosHub({ name, folder, databaseUrl })))
  await Promise.all(hubs.map((hub) => hub.start()))
  for (const name of namespaces) await makeNamespace(hubs[0]!, name)
  const random = (at: number) => seededRandom(seed * 1000 + at)

  const informers = await Promise.all(
    noInformer === undefined ? hubs.map((hub) => startInformer(hub, folder)) : [],
  )
  for (const informer of informers) stack.use(informer)
  const watching = new AbortController()
  const watchers = watchersOf(hubs, random)
  const watched = Promise.all(watchers.map((watcher) => watcher.run(watching.signal)))
  const writes: WriteRecord[] = []
  const harming = new AbortController()
  const writesMax = Number(options.writes)
  const harmed = doHarm({
    random: random(1),
    hubs,
    databaseFolder,
    signal: harming.signal,
    written: () => writes.length,
    writesMax,
    faults: Number(options.faults),
  })
  try {
    await Promise.all(
      Array.from({ length: Number(options.writers) }, (_, id) =>
        runWriter({ id, random: random(100 + id), hubs, writes, writesMax }),
      ),
    )
  } finally {
    harming.abort()
  }
  const faults = await harmed
  for (const hub of hubs) await healthy(hub)
  await writeLastWords(hubs[0]!, writes)
  const log = await readLog(databaseUrl)
  await allHeard(watchers, log)
  await Promise.all(informers.map((informer) => informer.finish()))
  const finals = await readFinals(hubs)
  watching.abort()
  await watched
  const watches = watchers.flatMap(({ records }) => records)
  verdict({ log, writes, watches, finals }, hubs)
  return summary({ writes, watchers, faults })
}

function watchersOf(
  hubs: readonly ChaosHub[],
  random: (at: number) => ReturnType<typeof seededRandom>,
): ChaosWatcher[] {
  return Array.from({ length: Number(options.watchers) }, (_, index) => {
    const resource = resources[index % resources.length]!
    const narrow = {
      namespace: index % 4 === 1 ? namespaces[index % namespaces.length] : undefined,
      shard: index % 3 === 2 ? shards[index % shards.length] : undefined,
    }
    const filter = { resource, ...(index < resources.length ? unfiltered : narrow) }
    return createWatcher({ id: `watcher ${index}`, filter, hubs, random: random(500 + index) })
  })
}

async function makeNamespace(hub: ChaosHub, name: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  const { code, text } = await hub.send({ method: 'POST', path: '/api/v1/namespaces', body })
  if (code !== 201) throw new Error(text)
}

async function healthy(hub: ChaosHub): Promise<void> {
  for (let tries = 0; tries < 300; tries += 1) {
    const reply = await hub.send({ method: 'GET', path: '/readyz' }).catch(() => undefined)
    if (reply?.code === 200) return
    await sleep(100)
  }
  throw new Error(`hub ${hub.name} did not become ready again: ${hub.said()}`)
}

/** One object for each filter that a watcher may have: who has heard of them has heard of all before. */
async function writeLastWords(hub: ChaosHub, writes: WriteRecord[]): Promise<void> {
  const places = resources.flatMap((resource) =>
    namespaces.flatMap((namespace) => shards.map((shard) => ({ resource, namespace, shard }))),
  )
  await Promise.all(
    places.map(async ({ resource, namespace, shard }) => {
      const name = `last-${shard}`
      const token = `last-${resource}-${namespace}-${shard}`
      const body = JSON.stringify(chaosObject(resource, { namespace, name, token, shard }))
      const path = collectionPath(resource, namespace)
      const { code, text } = await hub.send({ method: 'POST', path, body })
      if (code !== 201) throw new Error(`the last words were not taken: ${text}`)
      const { version } = seenOf(JSON.parse(text) as AnyObject)
      const outcome = { type: 'acknowledged', version } as const
      writes.push({
        verb: 'create',
        resource,
        namespace,
        name,
        token,
        expected: undefined,
        outcome,
      })
    }),
  )
}

async function readLog(databaseUrl: string): Promise<LogEntry[]> {
  const client = await connect(databaseUrl)
  try {
    const { rows } = await client.query<Record<string, string | null>>(
      'select version, resource, namespace, name, before, after from changes order by version',
    )
    const seen = (text: string | null | undefined) =>
      text === null || text === undefined || !text.startsWith('{')
        ? undefined
        : seenOf(JSON.parse(text) as AnyObject)
    return rows.map(({ version, resource, namespace, name, before, after }) => ({
      version: Number(version),
      // A group other than the core's is part of the name there.
      resource: (resource ?? '').split('.')[0]!,
      namespace: namespace ?? '',
      name: name ?? '',
      before: seen(before),
      after: seen(after),
    }))
  } finally {
    await client.end()
  }
}

/** Waits until every watcher has heard the last thing that is for it. */
async function allHeard(
  watchers: readonly ChaosWatcher[],
  log: readonly LogEntry[],
): Promise<void> {
  const lastFor = (filter: WatchFilter) => expectedEvents(log, filter, 0).at(-1)?.version ?? 0
  const wanted = watchers.map(({ records }) => lastFor(records.at(-1)!.filter))
  for (let tries = 0; tries < 300; tries += 1) {
    if (watchers.every(({ last }, index) => last >= wanted[index]!)) return
    await sleep(100)
  }
  // The checker says what is missing.
}

async function readFinals(hubs: readonly ChaosHub[]): Promise<History['finals']> {
  const finals: History['finals'][number][] = []
  for (const hub of hubs)
    for (const resource of resources) {
      const path = `${collectionPath(resource)}?labelSelector=chaos`
      const { code, text } = await hub.send({ method: 'GET', path })
      if (code !== 200) throw new Error(text)
      const { items } = JSON.parse(text) as { items: AnyObject[] }
      finals.push({ server: `hub ${hub.name}`, resource, objects: items.map(finalOf) })
    }
  return finals
}

/** What others wrote is none of the test's, but for the order of versions. */
function verdict(history: History, hubs: readonly ChaosHub[]): void {
  const ours = (entry: LogEntry) => (namespaces as readonly string[]).includes(entry.namespace)
  const known = new Set<string>(resources)
  const log = history.log.map((entry) =>
    ours(entry) && known.has(entry.resource) && isChaos(entry)
      ? entry
      : { ...entry, resource: `other ${entry.resource}`, before: undefined, after: undefined },
  )
  const deaths = hubs.flatMap(({ name, deaths: words }) =>
    words.map((word) => `hub ${name} ended by itself: ${word}`),
  )
  const problems = [...deaths, ...checkHistory({ ...history, log })]
  if (problems.length === 0) return
  const shown = problems.slice(0, problemsShownMax).join('\n  ')
  const said = hubs.map((hub) => `hub ${hub.name}:\n${hub.said().slice(-1500)}`).join('\n')
  throw new Error(`${problems.length} problems:\n  ${shown}\n${said}`)
}

function isChaos({ before, after }: LogEntry): boolean {
  return ((after ?? before)?.token ?? '') !== ''
}

type Summary = {
  readonly writes: readonly WriteRecord[]
  readonly watchers: readonly ChaosWatcher[]
  readonly faults: readonly string[]
}

function summary({ writes, watchers, faults }: Summary): string {
  const of = (type: string) => writes.filter(({ outcome }) => outcome.type === type).length
  const events = watchers.reduce(
    (sum, { records }) => sum + records.reduce((all, record) => all + record.events.length, 0),
    0,
  )
  const reconnects = watchers.reduce((sum, watcher) => sum + watcher.reconnects, 0)
  const relists = watchers.reduce((sum, { records }) => sum + records.length - 1, 0)
  const outcomes = `${of('acknowledged')} acknowledged, ${of('refused')} refused, ${of('unknown')} unknown`
  return `${outcomes}; ${events} events, ${reconnects} reconnects, ${relists} lists again; ${faults.length} faults: ${faults.join(', ')}`
}
