// A client of a model server in a process of its own. Reads a plan as JSON from its first argument and
// prints what it saw as one line of JSON. Three ways: `saturate` and `paced` speak HTTP/1.1 over bare
// sockets, so that little of the time measured is the client's; `polite` is Node's own keep-alive client.
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { type Socket, connect } from 'node:net'

export type ClientPlan = {
  readonly mode: 'saturate' | 'paced' | 'polite'
  readonly port: number
  readonly path: string
  /** A file with the body, and the header that a binary body needs. */
  readonly bodyFile: string
  readonly jsonBytes?: number
  readonly connections: number
  /** All connections together; `saturate` knows none. */
  readonly requestsPerSecond?: number
  readonly seconds: number
}
export type ClientReport = {
  readonly answered: number
  readonly failed: number
  readonly failures: readonly string[]
  readonly seconds: number
  readonly latenciesMs: readonly number[]
  /** Answers by model version. */
  readonly versions: Readonly<Record<string, number>>
}

type Seen = { latenciesMs: number[]; failures: string[]; versions: Record<string, number> }

const plan = JSON.parse(process.argv[2]!) as ClientPlan
const body = readFileSync(plan.bodyFile)
const binaryHeader: Record<string, string> =
  plan.jsonBytes === undefined ? {} : { 'Inference-Header-Content-Length': String(plan.jsonBytes) }
const seen: Seen = { latenciesMs: [], failures: [], versions: {} }

const sleep = (delayMs: number) => new Promise((resolve) => setTimeout(resolve, delayMs))

/** One connection that asks and waits for the answer, without looking inside. */
class BareConnection {
  readonly #socket: Socket
  readonly #request: Buffer
  #pending: ((status: number) => void) | undefined
  #heard = 0
  #wanted = 0
  #status = 0

  constructor() {
    this.#socket = connect({ port: plan.port, host: '127.0.0.1', noDelay: true })
    const headers = Object.entries({ ...binaryHeader, 'Content-Length': String(body.length) })
    const head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
    this.#request = Buffer.concat([
      Buffer.from(`POST ${plan.path} HTTP/1.1\r\nHost: bench\r\n${head}\r\n`),
      body,
    ])
    this.#socket.on('data', (chunk: Buffer) => this.#hear(chunk))
    this.#socket.on('error', () => this.#finish(0))
    this.#socket.on('close', () => this.#finish(0))
  }

  ask(): Promise<number> {
    return new Promise((resolve) => {
      this.#pending = resolve
      this.#socket.write(this.#request)
    })
  }

  end(): void {
    this.#socket.destroy()
  }

  #hear(chunk: Buffer): void {
    if (this.#wanted === 0) {
      const end = chunk.indexOf('\r\n\r\n')
      const head = chunk.toString('latin1', 0, end)
      this.#status = Number(head.slice(9, 12))
      this.#wanted = end + 4 + Number(/content-length: (\d+)/i.exec(head)![1])
    }
    this.#heard += chunk.length
    if (this.#heard < this.#wanted) return
    this.#heard = 0
    this.#wanted = 0
    this.#finish(this.#status)
  }

  #finish(status: number): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.(status)
  }
}

async function saturate(untilMs: number): Promise<void> {
  const connection = new BareConnection()
  while (performance.now() < untilMs) {
    const startMs = performance.now()
    note(await connection.ask(), performance.now() - startMs)
  }
  connection.end()
}

/** Asks at fixed moments; latency counts from the moment that was due, not from a late start. */
async function paced(index: number, untilMs: number): Promise<void> {
  const connection = new BareConnection()
  for (const dueMs of dueTimes(index, untilMs)) {
    await sleep(Math.max(0, dueMs - performance.now()))
    const startMs = performance.now()
    note(await connection.ask(), performance.now() - Math.min(startMs, dueMs + 1))
  }
  connection.end()
}

async function polite(index: number, untilMs: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  for (const dueMs of dueTimes(index, untilMs)) {
    await sleep(Math.max(0, dueMs - performance.now()))
    const startMs = performance.now()
    note(await askPolitely(agent), performance.now() - startMs)
  }
  agent.destroy()
}

function* dueTimes(index: number, untilMs: number): Generator<number> {
  const everyMs = (1000 * plan.connections) / plan.requestsPerSecond!
  const startMs = performance.now() + (everyMs * index) / plan.connections
  for (let dueMs = startMs; dueMs < untilMs; dueMs += everyMs) yield dueMs
}

function askPolitely(agent: Agent): Promise<number | string> {
  return new Promise((resolve) => {
    const { port, path } = plan
    const headers = { ...binaryHeader, 'Content-Length': body.length }
    const asking = request(
      { port, path, host: '127.0.0.1', method: 'POST', agent, headers },
      (response) => {
        let text = ''
        response.on('data', (chunk) => {
          text += String(chunk)
        })
        response.on('end', () => {
          const version = /"model_version":"([^"]*)"/.exec(text)?.[1] ?? 'none'
          seen.versions[version] = (seen.versions[version] ?? 0) + 1
          resolve(response.statusCode!)
        })
        response.on('error', (error) => resolve(error.message))
      },
    )
    asking.on('error', (error) => resolve(error.message))
    asking.end(body)
  })
}

function note(status: number | string, latencyMs: number): void {
  if (status === 200) seen.latenciesMs.push(latencyMs)
  else seen.failures.push(String(status))
}

const startMs = performance.now()
const untilMs = startMs + plan.seconds * 1000
const ways = { saturate, paced, polite }
await Promise.all(
  Array.from({ length: plan.connections }, (_, index) =>
    plan.mode === 'saturate' ? saturate(untilMs) : ways[plan.mode](index, untilMs),
  ),
)
const report: ClientReport = {
  answered: seen.latenciesMs.length,
  failed: seen.failures.length,
  failures: [...new Set(seen.failures)].slice(0, 5),
  seconds: (performance.now() - startMs) / 1000,
  latenciesMs: seen.latenciesMs,
  versions: seen.versions,
}
process.stdout.write(`${JSON.stringify(report)}\n`)
