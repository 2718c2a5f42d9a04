import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type IncomingMessage } from 'node:http'
import { Agent, request } from 'node:https'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type HubAddress, loadKubeconfig } from '@skerry/client/kubeconfig'
import { type FaultyProxy, openFaultyProxy } from './hub-chaos-proxy.ts'

const program = join(import.meta.dirname, '../packages/hub/src/main.ts')
const startsWithinMs = 60_000
const answersWithinMs = 8_000

export type Sent = {
  readonly method: string
  readonly path: string
  readonly body?: string
  readonly type?: string
}
export type Reply = { readonly code: number; readonly text: string }

/** A hub in a process of its own, between two proxies: one to its clients, one to its database. */
export type ChaosHub = AsyncDisposable & {
  readonly name: string
  readonly toClients: FaultyProxy
  readonly toDatabase: FaultyProxy
  readonly pid: number | undefined
  start(): Promise<void>
  /** Ends it at once, and resolves when it is gone. */
  kill(): Promise<void>
  /** Rejects when there was no answer. */
  send(sent: Sent): Promise<Reply>
  /** The answer as it comes; ends when the signal aborts. */
  open(path: string, signal: AbortSignal): Promise<IncomingMessage>
  /** The last words of processes that ended though nobody killed them, which they must not. */
  readonly deaths: readonly string[]
  /** What it has said on stderr, last lines. */
  said(): string
}

export type ChaosHubOptions = {
  readonly name: string
  readonly folder: string
  readonly databaseUrl: string
}

export async function createChaosHub(options: ChaosHubOptions): Promise<ChaosHub> {
  const { name, folder } = options
  const port = await freePort()
  const url = new URL(options.databaseUrl)
  const databasePort = Number(url.port)
  const toClients = await openFaultyProxy(() => port)
  const toDatabase = await openFaultyProxy(() => databasePort)
  url.port = String(toDatabase.port)
  const data = join(folder, name)
  let child: ChildProcess | undefined
  let output = ''
  let address: HubAddress | undefined
  let agent: Agent | undefined
  const deaths: string[] = []
  const launch = async (): Promise<void> => {
    const started = spawn(
      process.execPath,
      [
        program,
        '--data',
        data,
        '--database-url',
        String(url),
        '--port',
        `${port}`,
        '--gateway-port',
        '0',
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    child = started
    let own = ''
    started.stderr.on('data', (chunk: Buffer) => {
      own += chunk.toString()
      output = `${output}${chunk.toString()}`.slice(-8000)
    })
    started.once('exit', (code) => {
      if (isReady && started.signalCode !== 'SIGKILL') deaths.push(`${code}: ${own.slice(-1500)}`)
    })
    let isReady = false
    const deadlineMs = Date.now() + startsWithinMs
    while (!own.includes('The hub is ready.')) {
      if (started.exitCode !== null || started.signalCode !== null) return
      if (Date.now() > deadlineMs) throw new Error(`hub ${name} did not start: ${own}`)
      await sleep(20)
    }
    isReady = true
  }
  const call = async (sent: Sent, signal: AbortSignal, own: Agent | false) => {
    const { authority = '', clientCertificate = '', clientKey = '' } = address!
    const { method, path, body, type = 'application/json' } = sent
    const outgoing = request({
      host: '127.0.0.1',
      port: toClients.port,
      method,
      path,
      agent: own,
      signal,
      ca: authority,
      cert: clientCertificate,
      key: clientKey,
      headers: {
        prefer: 'return=representation',
        ...(body === undefined
          ? {}
          : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
      },
    })
    outgoing.on('error', () => {})
    outgoing.end(body)
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
    response.on('error', () => {})
    return response
  }
  const hub: ChaosHub = {
    name,
    deaths,
    toClients,
    toDatabase,
    get pid() {
      return child?.exitCode === null && child.signalCode === null ? child.pid : undefined
    },
    start: async () => {
      // A start may meet a database that is away; the next one will not.
      for (let attempt = 0; hub.pid === undefined; attempt += 1) {
        if (attempt > 0) await sleep(200)
        if (attempt === 20) throw new Error(`hub ${name} does not start: ${output}`)
        await launch()
      }
      address = await loadKubeconfig(join(data, 'kubeconfig'))
      agent = new Agent({ keepAlive: true })
    },
    kill: async () => {
      if (hub.pid === undefined) return
      const gone = once(child!, 'exit')
      child!.kill('SIGKILL')
      await gone
    },
    send: async (sent) => {
      const response = await call(sent, AbortSignal.timeout(answersWithinMs), agent!)
      const chunks: Buffer[] = []
      for await (const chunk of response) chunks.push(chunk as Buffer)
      return { code: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }
    },
    open: (path, signal) => call({ method: 'GET', path }, signal, false),
    said: () => output,
    async [Symbol.asyncDispose]() {
      await hub.kill()
      agent?.destroy()
      await toClients[Symbol.asyncDispose]()
      await toDatabase[Symbol.asyncDispose]()
    },
  }
  return hub
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address = server.address()
  await once(server.close(), 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
