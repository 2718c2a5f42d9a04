// The clients of `bench/kubernetes.ts`, in a process of their own: load by 16 connections, lists, and a
// thousand watchers. Jobs come and results go over the channel to the parent process.
import { setTimeout as sleep } from 'node:timers/promises'
import { Http1Connection, type Target } from './lib-http1.ts'

export type LoadJob = {
  readonly type: 'load'
  readonly target: Target
  readonly verb: 'create' | 'get' | 'update' | 'patch' | 'apply' | 'lease'
  readonly clients: number
  readonly first: number
  readonly count: number
  /** 0: until every one of `count` is done once. */
  readonly seconds: number
}
export type ListJob = {
  readonly type: 'list'
  readonly target: Target
  readonly path: string
  readonly accept: string
  readonly pageSize: number
  readonly times: number
}
export type WatchJob = {
  readonly type: 'watch'
  readonly target: Target
  readonly path: string
  readonly watchers: number
  readonly changesPerSecond: number
  readonly seconds: number
  readonly sites: number
  /** How many of the watchers are told of a change. */
  readonly toldShare: number
}
export type Job = LoadJob | ListJob | WatchJob
export type Answer =
  | { readonly type: 'begun' }
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'failed'; readonly error: string }

export type LoadResult = { count: number; seconds: number; latenciesMs: number[]; failed: number }
export type ListResult = { milliseconds: number[]; bytes: number }
export type WatchResult = {
  sent: number
  expected: number
  received: number
  delaysMs: number[]
  seconds: number
}

const collection = '/apis/skerry.dev/v1alpha1/namespaces/default/sites'
const leases = '/apis/coordination.k8s.io/v1/namespaces/default/leases'
const name = (n: number) => `bench-${String(n).padStart(6, '0')}`
const filler = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(5)

/** A site of about 4 kB as it is kept. */
export function site(n: number, change = '0'): object {
  const variables = Object.fromEntries(
    Array.from({ length: 14 }, (_, v) => [`variable-${v}`, `${n}-${filler}`]),
  )
  return {
    apiVersion: 'skerry.dev/v1alpha1',
    kind: 'Site',
    metadata: {
      name: name(n),
      labels: { percent: String(n % 100), region: `region-${n % 10}`, tier: 'shop' },
      annotations: { 'bench/at': change },
    },
    spec: { displayName: `Shop ${n}`, timeZone: 'Europe/Rome', variables },
  }
}

const now = () => performance.timeOrigin + performance.now()

async function load(job: LoadJob): Promise<LoadResult> {
  read.clear()
  const latenciesMs: number[] = []
  let failed = 0
  let next = 0
  const connections = await Promise.all(
    Array.from({ length: job.clients }, () => Http1Connection.open(job.target)),
  )
  const startMs = performance.now()
  const isOver = () =>
    job.seconds === 0 ? next >= job.count : performance.now() - startMs >= job.seconds * 1000
  const share = Math.floor(job.count / job.clients)
  const work = async (connection: Http1Connection, client: number): Promise<void> => {
    for (let turn = 0; !isOver(); turn += 1) {
      // Each client has objects of its own, so that nobody waits for a conflict.
      const n = job.seconds === 0 ? next++ : client * share + (turn % share)
      if (n >= job.count) return
      const send = await prepare(connection, job, job.first + n, turn)
      const sentMs = performance.now()
      const { status } = await send()
      latenciesMs.push(performance.now() - sentMs)
      if (status >= 300) failed += 1
    }
  }
  await Promise.all(connections.map(work))
  const seconds = (performance.now() - startMs) / 1000
  for (const connection of connections) connection.close()
  return { count: latenciesMs.length, seconds, latenciesMs, failed }
}

type Send = () => Promise<{ status: number }>
const leaseVersions = new Map<string, string>()

async function prepare(
  connection: Http1Connection,
  { verb }: LoadJob,
  n: number,
  turn: number,
): Promise<Send> {
  const path = `${collection}/${name(n)}`
  switch (verb) {
    case 'create': {
      const body = JSON.stringify(site(n))
      return () => connection.send('POST', collection, { body })
    }
    case 'get':
      return () => connection.send('GET', path)
    case 'update':
      return prepareUpdate(connection, path, turn)
    case 'patch': {
      const body = JSON.stringify({ metadata: { annotations: { 'bench/at': String(now()) } } })
      const type = 'application/merge-patch+json'
      return () => connection.send('PATCH', path, { body, type })
    }
    case 'apply': {
      const { metadata, ...rest } = site(n) as { metadata: { annotations: object } }
      const body = JSON.stringify({
        ...rest,
        metadata: { ...metadata, annotations: { 'bench/applied': String(now()) } },
      })
      const type = 'application/apply-patch+yaml'
      const query = '?fieldManager=bench-apply&force=true'
      return () => connection.send('PATCH', `${path}${query}`, { body, type })
    }
    case 'lease':
      return () => renew(connection, n)
  }
}

/** Objects as they were last answered: a custom resource is updated from what was read. */
const read = new Map<string, string>()

async function prepareUpdate(
  connection: Http1Connection,
  path: string,
  turn: number,
): Promise<Send> {
  const stored =
    read.get(path) ?? (await connection.send('GET', path, { keep: true })).body.toString()
  const object = JSON.parse(stored) as { spec: { displayName: string } }
  object.spec.displayName = `Shop, turn ${turn}`
  const body = JSON.stringify(object)
  return async () => {
    const reply = await connection.send('PUT', path, { body, keep: true })
    read.set(path, reply.body.toString())
    return reply
  }
}

async function renew(connection: Http1Connection, n: number): Promise<{ status: number }> {
  const version = leaseVersions.get(name(n))
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: name(n), ...(version === undefined ? {} : { resourceVersion: version }) },
    spec: {
      holderIdentity: name(n),
      leaseDurationSeconds: 40,
      renewTime: new Date(now()).toISOString().replace('Z', '000Z'),
    },
  }
  const body = JSON.stringify(lease)
  const reply =
    version === undefined
      ? await connection.send('POST', leases, { body, keep: true })
      : await connection.send('PUT', `${leases}/${name(n)}`, { body, keep: true })
  const found = /"resourceVersion":"(\d+)"/.exec(reply.body.toString('latin1'))
  if (found !== null) leaseVersions.set(name(n), found[1]!)
  return reply
}

async function list(job: ListJob): Promise<ListResult> {
  const connection = await Http1Connection.open(job.target)
  const milliseconds: number[] = []
  let bytes = 0
  for (let time = 0; time < job.times; time += 1) {
    const startMs = performance.now()
    bytes = 0
    let token: string | undefined = ''
    do {
      const paging: string =
        job.pageSize === 0
          ? ''
          : `${job.path.includes('?') ? '&' : '?'}limit=${job.pageSize}&continue=${token}`
      let tail = ''
      let head = ''
      const { status } = await connection.send('GET', `${job.path}${paging}`, {
        accept: job.accept,
        onChunk: (chunk) => {
          bytes += chunk.length
          // The token stands in the metadata, before or behind the items.
          if (job.pageSize === 0) return
          if (head.length < 2_000) head += chunk.toString('latin1')
          tail = (tail + chunk.toString('latin1')).slice(-2_000)
        },
      })
      if (status !== 200) throw new Error(`the list was answered with ${status}: ${head}`)
      token = /"continue":"([^"]+)"/.exec(`${head.slice(0, 2_000)} ${tail}`)?.[1]
    } while (token !== undefined)
    milliseconds.push(performance.now() - startMs)
    await sleep(200)
  }
  connection.close()
  return { milliseconds, bytes }
}

const marker = Buffer.from('"bench/at":"')

async function watch(job: WatchJob): Promise<WatchResult> {
  const delaysMs: number[] = []
  let received = 0
  const take = (chunk: Buffer): void => {
    for (let at = chunk.indexOf(marker); at >= 0; at = chunk.indexOf(marker, at + 1)) {
      const end = at + marker.length
      const sentMs = Number(chunk.toString('latin1', end, chunk.indexOf(34, end)))
      // Events of the whole object tell the time once; what is cut in two counts without a time.
      received += 1
      if (sentMs > 1e12) delaysMs.push(now() - sentMs)
    }
  }
  const connections: Http1Connection[] = []
  for (let n = 0; n < job.watchers; n += 50)
    connections.push(
      ...(await Promise.all(
        Array.from({ length: Math.min(50, job.watchers - n) }, () =>
          Http1Connection.open(job.target),
        ),
      )),
    )
  const version = await newestVersion(connections[0]!, job.path)
  const separator = job.path.includes('?') ? '&' : '?'
  for (const [n, connection] of connections.entries()) {
    const path = job.path.replace('PERCENT', String(n % 100))
    connection
      .send('GET', `${path}${separator}watch=true&resourceVersion=${version}`, { onChunk: take })
      .catch(() => {})
  }
  await sleep(2_000)
  const writers = await Promise.all(
    Array.from({ length: 16 }, () => Http1Connection.open(job.target)),
  )
  tell({ type: 'begun' })
  const total = Math.round(job.changesPerSecond * job.seconds)
  const startMs = performance.now()
  let sent = 0
  const write = async (writer: Http1Connection): Promise<void> => {
    while (sent < total) {
      const n = sent++
      const dueMs = startMs + (n * 1000) / job.changesPerSecond
      if (dueMs > performance.now()) await sleep(dueMs - performance.now())
      const at = now().toFixed(1)
      const body = JSON.stringify({ metadata: { annotations: { 'bench/at': at } } })
      const type = 'application/merge-patch+json'
      const { status } = await writer.send('PATCH', `${collection}/${name(n % job.sites)}`, {
        body,
        type,
      })
      if (status !== 200) throw new Error(`a change was answered with ${status}`)
    }
  }
  await Promise.all(writers.map(write))
  const seconds = (performance.now() - startMs) / 1000
  const expected = Math.round(total * job.watchers * job.toldShare)
  for (let waited = 0; received < expected * 0.999 && waited < 100; waited += 1) await sleep(100)
  for (const connection of [...connections, ...writers]) connection.close()
  return { sent, expected, received, delaysMs, seconds }
}

async function newestVersion(connection: Http1Connection, path: string): Promise<string> {
  const plain = path.split('?')[0]!
  const { body } = await connection.send('GET', `${plain}?limit=1`, { keep: true })
  // Of the list, not of its first item: a watch from there would be told all that happened since.
  const list = JSON.parse(body.toString()) as { metadata: { resourceVersion: string } }
  return list.metadata.resourceVersion
}

const tell = (answer: Answer): void => void process.send!(answer)

process.on('message', (job: Job) => {
  const work = job.type === 'load' ? load(job) : job.type === 'list' ? list(job) : watch(job)
  work.then(
    (result) => tell({ type: 'done', result }),
    (error: Error) => tell({ type: 'failed', error: String(error.stack) }),
  )
})
