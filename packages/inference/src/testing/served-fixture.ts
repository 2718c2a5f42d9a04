import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { systemClock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import type { InferenceLimits } from '../limits.ts'
import { ModelServer } from '../model-server.ts'
import { type LoadedModel, loadModel } from '../model-session.ts'
import type { RunModel } from '../run-model.ts'

/** For tests: a model on a port of its own, in this process. */
export type ServedFixture = {
  readonly server: ModelServer
  readonly url: string
  readonly port: number
  readonly infer: (body: unknown, headers?: Record<string, string>) => Promise<Answered>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}
export type Answered = {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  /** The JSON part, as text, and parsed. */
  readonly text: string
  readonly json: Record<string, unknown>
}
export type ServeOptions = {
  readonly limits?: Partial<InferenceLimits>
  /** Stands in for the model's own. */
  readonly run?: RunModel
  /** Connections are handed over, as a model's process has it. */
  readonly isHanded?: boolean
}

export async function loadFixture(bytes: Uint8Array): Promise<LoadedModel> {
  const model = await loadModel(bytes, { threads: 1, clock: systemClock })
  if (!model.ok) throw new Error(`the fixture was refused: ${model.message}`)
  return model
}

export async function serveFixture(
  bytes: Uint8Array,
  { limits = {}, run, isHanded = false }: ServeOptions = {},
): Promise<ServedFixture> {
  const model = await loadFixture(bytes)
  const server = new ModelServer({
    identity: { model: 'digits', version: 'v1', digest: `sha256:${'0'.repeat(64)}` },
    signature: model.signature,
    run: run ?? model.run,
    clock: systemClock,
    random: seededRandom(7),
    log: silentLog,
    limits,
  })
  const listener = isHanded
    ? createServer({ pauseOnConnect: true }, (socket) => server.connection(socket))
    : server.http
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  return {
    server,
    url,
    port,
    infer: (body, headers = {}) => post(`${url}/v2/models/digits/infer`, body, headers),
    [Symbol.asyncDispose]: async () => {
      listener.close()
      await server[Symbol.asyncDispose]()
      await model.dispose()
    },
  }
}

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  const sent = isRaw ? Buffer.from(body) : JSON.stringify(body)
  const response = await fetch(url, { method: 'POST', body: sent, headers })
  const bytes = Buffer.from(await response.arrayBuffer())
  const jsonBytes = response.headers.get('inference-header-content-length')
  const text = bytes.subarray(0, jsonBytes === null ? bytes.length : Number(jsonBytes)).toString()
  return {
    status: response.status,
    headers: response.headers,
    bytes,
    text,
    json: JSON.parse(text) as Record<string, unknown>,
  }
}
