// The hub beside kube-apiserver with etcd, both durable, on one disk, in one run: the numbers of
// "The hub is a Kubernetes API server". `SITES=100000` makes the large run, `ONLY=get,list` a part of it.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type {
  Answer,
  Job,
  ListResult,
  LoadJob,
  LoadResult,
  WatchJob,
  WatchResult,
} from './kubernetes-client.ts'
import { type ApiServerProcess, hasPeer, startHub, startKube } from './lib-api-servers.ts'
import { memoryMiB, peakMiB, processorSeconds, resetPeak } from './lib-processes.ts'
import { percentiles, writeResults } from './lib-results.ts'

const sites = Number(process.env['SITES'] ?? 10_000)
const only = process.env['ONLY']?.split(',')
const clients = 16
const loadSeconds = 8
const watchers = 1_000
const watchSeconds = 8
const settleMs = 3_000
const allSites = '/apis/skerry.dev/v1alpha1/namespaces/default/sites'
const tableType = 'application/json;as=Table;v=v1;g=meta.k8s.io'

type Row = { what: string; unit: string; hub: number; peer: number | undefined; goal: string }
type Measured = Record<string, number>

export async function run(): Promise<void> {
  if (!hasPeer) console.log('No kube-apiserver is here: the hub is measured alone.')
  await using stack = new AsyncDisposableStack()
  const dir = mkdtempSync(join(tmpdir(), 'sk-'))
  stack.defer(() => rmSync(dir, { recursive: true, force: true }))
  const hub = stack.use(await startHub(join(dir, 'hub'), 24_443))
  const peer = hasPeer ? stack.use(await startKube(join(dir, 'kube'), 25_443)) : undefined
  const client = startClient(stack)
  const of = { hub: {} as Measured, peer: {} as Measured }
  for (const [step, measure] of Object.entries(steps)) {
    if (only !== undefined && !only.includes(step) && step !== 'create') continue
    // Turn by turn, so that a busy minute of the machine meets both.
    for (const [server, measured] of [
      [hub, of.hub],
      [peer, of.peer],
    ] as const) {
      if (server === undefined) continue
      const found = await measure(server, client)
      Object.assign(measured, found)
      console.log(step, server.name, found)
      await sleep(settleMs)
    }
  }
  const table = rows(of.hub, peer === undefined ? undefined : of.peer)
  console.table(
    table.map(({ what, unit, hub: ours, peer: theirs, goal }) => ({
      what,
      unit,
      hub: ours,
      'kube-apiserver': theirs,
      times: theirs === undefined ? undefined : times(unit, ours, theirs),
      goal,
    })),
  )
  writeResults(
    sites === 10_000 ? 'kubernetes' : `kubernetes-${sites}`,
    { sites, rows: table, of },
    commandLine(),
  )
}

/** The command with what was set for it. */
function commandLine(): string {
  const set = ['SITES', 'ONLY'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [`${name}=${value}`]
  })
  return [...set, 'npm run bench -- kubernetes'].join(' ')
}

/** How many times better the hub is. */
function times(unit: string, ours: number, theirs: number): string {
  const isMore = unit.endsWith('/s')
  return `${(isMore ? ours / theirs : theirs / ours).toFixed(2)}x`
}

/** `begun` is called when the watchers of a job are there, and the first change comes. */
type Client = (job: Job, begun?: () => void) => Promise<unknown>
type Step = (server: ApiServerProcess, client: Client) => Promise<Measured>

const load =
  (verb: LoadJob['verb'], options: Partial<LoadJob> = {}): Step =>
  async ({ target }, client) => {
    const job: LoadJob = {
      type: 'load',
      target,
      verb,
      clients,
      first: 0,
      count: Math.min(sites, 10_000),
      seconds: loadSeconds,
      ...options,
    }
    const { count, seconds, latenciesMs, failed } = (await client(job)) as LoadResult
    if (failed > 0) throw new Error(`${failed} of ${count} requests (${verb}) failed`)
    const { p50, p99 } = percentiles(latenciesMs)
    return {
      [`${verb}/s`]: Math.round(count / seconds),
      [`${verb} p50 ms`]: p50,
      [`${verb} p99 ms`]: p99,
    }
  }

const list =
  (name: string, path: string, options: { pageSize?: number; accept?: string } = {}): Step =>
  async (server, client) => {
    const { pageSize = 0, accept = 'application/json' } = options
    resetPeak(server.pids())
    const job = { type: 'list', target: server.target, path, accept, pageSize, times: 5 } as const
    const { milliseconds, bytes } = (await client(job)) as ListResult
    const sorted = milliseconds.toSorted((left, right) => left - right)
    return {
      [`${name} ms`]: Math.round(sorted[2]!),
      [`${name} bytes`]: bytes,
      [`${name} peak MiB`]: peakMiB(server.pids()),
    }
  }

const watch = async (
  server: ApiServerProcess,
  client: Client,
  options: Pick<WatchJob, 'path' | 'changesPerSecond' | 'toldShare'>,
): Promise<{ p50: number; p99: number; cpu: number; rate: number; isWhole: boolean }> => {
  let before = 0
  const job: WatchJob = {
    type: 'watch',
    target: server.target,
    watchers,
    seconds: watchSeconds,
    sites: Math.min(sites, 10_000),
    ...options,
  }
  const { sent, expected, received, delaysMs, seconds } = (await client(job, () => {
    before = processorSeconds(server.pids())
  })) as WatchResult
  const { p50, p99 } = percentiles(delaysMs)
  return {
    p50,
    p99,
    cpu: Math.round((processorSeconds(server.pids()) - before) * 100) / 100,
    rate: Math.round((sent / seconds) * 10) / 10,
    isWhole: received >= expected * 0.999,
  }
}

const steps: Record<string, Step> = {
  create: load('create', { count: sites, seconds: 0 }),
  get: load('get'),
  update: load('update'),
  patch: load('patch'),
  apply: load('apply'),
  lease: load('lease', { count: 1_600 }),
  list: list('list', allSites),
  paged: list('paged', allSites, { pageSize: 500 }),
  table: list('table', allSites, { accept: tableType }),
  selector: list('selector', `${allSites}?labelSelector=percent%3D7`),
  watch: async (server, client) => {
    const at10 = await watch(server, client, {
      path: allSites,
      changesPerSecond: 10,
      toldShare: 1,
    })
    let reached = at10
    for (let wanted = 20; wanted <= 1_280; wanted = Math.round(wanted * 1.5)) {
      const tried = await watch(server, client, {
        path: allSites,
        changesPerSecond: wanted,
        toldShare: 1,
      })
      console.log('  watch', server.name, wanted, tried)
      if (tried.p99 > 1_000 || !tried.isWhole) break
      reached = tried
      // The writers get no more through: asking for more tells nothing.
      if (tried.rate < wanted * 0.8) break
    }
    return {
      'watch at 10/s p50 ms': at10.p50,
      'watch at 10/s p99 ms': at10.p99,
      'watch at 10/s cpu s': at10.cpu,
      'watch changes/s': reached.rate,
    }
  },
  few: async (server, client) => {
    const path = `${allSites}?labelSelector=percent%3DPERCENT`
    const found = await watch(server, client, { path, changesPerSecond: 50, toldShare: 0.01 })
    return { 'watch 1 % cpu s': found.cpu, 'watch 1 % p99 ms': found.p99 }
  },
  memory: async (server) => {
    await sleep(10_000)
    return { 'memory MiB': memoryMiB(server.pids()) }
  },
  restart: async (server) => ({ 'restart ms': Math.round(await server.restart()) }),
}

function rows(hub: Measured, peer: Measured | undefined): Row[] {
  const row = (what: string, unit: string, goal: string): Row[] =>
    hub[what] === undefined ? [] : [{ what, unit, hub: hub[what], peer: peer?.[what], goal }]
  return [
    ...row('create/s', '/s', '2x'),
    ...row('create p99 ms', 'ms', '1x'),
    ...row('get/s', '/s', '4x'),
    ...row('get p99 ms', 'ms', '1x'),
    ...row('update/s', '/s', '2x'),
    ...row('update p99 ms', 'ms', '1x'),
    ...row('patch/s', '/s', '2x'),
    ...row('patch p99 ms', 'ms', '1x'),
    ...row('apply/s', '/s', '2x'),
    ...row('apply p99 ms', 'ms', '1x'),
    ...row('lease/s', '/s', '5x'),
    ...row('lease p99 ms', 'ms', '1x'),
    ...row('list ms', 'ms', '4x'),
    ...row('list peak MiB', 'MiB', '1x'),
    ...row('paged ms', 'ms', '3x'),
    ...row('table ms', 'ms', '4x'),
    ...row('selector ms', 'ms', '5x'),
    ...row('watch changes/s', '/s', '2x'),
    ...row('watch at 10/s p99 ms', 'ms', '2x'),
    ...row('watch at 10/s cpu s', 's', '2x'),
    ...row('watch 1 % cpu s', 's', '5x'),
    ...row('memory MiB', 'MiB', '4x'),
    ...row('restart ms', 'ms', '2x'),
  ]
}

function startClient(stack: AsyncDisposableStack): Client {
  const child: ChildProcess = fork(join(import.meta.dirname, 'kubernetes-client.ts'), {
    execArgv: ['--max-old-space-size=4096'],
  })
  stack.defer(() => void child.kill())
  return (job, begun) =>
    new Promise((resolve, reject) => {
      const hear = (answer: Answer): void => {
        if (answer.type === 'begun') return begun?.()
        child.off('message', hear)
        if (answer.type === 'done') resolve(answer.result)
        else reject(new Error(answer.error))
      }
      child.on('message', hear)
      child.send(job)
    })
}

if (import.meta.main) await run()
