import { type ClientRequest, type IncomingMessage, Agent as HttpAgent, request } from 'node:http'
import { Agent as HttpsAgent, request as requestTls } from 'node:https'
import { toError } from '@skerry/base/assert'
import { parseJson } from '@skerry/base/json'
import { isNotAmbient } from './ambient.ts'
import { answerMs, eventsMs } from './limits.ts'
import { parse } from 'yaml'
import type { Answer } from './row.ts'

/** A server of the Kubernetes API and how to show who asks. */
export type Target = {
  readonly label: string
  /** `https://127.0.0.1:6443` */
  readonly url: string
  readonly authority?: string | undefined
  readonly certificate?: string | undefined
  readonly key?: string | undefined
}

export type Request = {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: Uint8Array | undefined
  readonly events?: number | undefined
}

export type Client = AsyncDisposable & {
  readonly label: string
  send(request: Request): Promise<Answer>
}

/** Sends paths and bodies exactly as they are written, which `fetch` would not. */
export function openClient(target: Target): Client {
  const { hostname, port, protocol } = new URL(target.url)
  const isTls = protocol === 'https:'
  const tls = { ca: target.authority, cert: target.certificate, key: target.key }
  const agent = isTls
    ? new HttpsAgent({ ...tls, keepAlive: true })
    : new HttpAgent({ keepAlive: true })
  return {
    label: target.label,
    send: ({ method, path, headers, body, events }) => {
      const options = { hostname, port, method, path, agent, timeout: answerMs }
      const length = body === undefined ? {} : { 'content-length': String(body.length) }
      const all = { ...length, ...headers }
      const sent = isTls
        ? requestTls({ ...options, headers: all })
        : request({ ...options, headers: all })
      const answered = events === undefined ? whole(sent) : streamed(sent, events)
      sent.end(body)
      return answered
    },
    [Symbol.asyncDispose]: async () => agent.destroy(),
  }
}

/** Headers that clients look at. */
const headersSeen = ['content-type', 'warning', 'retry-after', 'cache-control', 'audit-id', 'allow']

function headersOf(response: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    headersSeen.flatMap((name) => {
      const value = response.headers[name]
      return value === undefined ? [] : [[name, String(value)]]
    }),
  )
}

async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.once('timeout', () => sent.destroy(new Error(`no answer within ${answerMs} ms`)))
  })
}

async function whole(sent: ClientRequest): Promise<Answer> {
  try {
    const response = await responseTo(sent)
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    return { ...headOf(response), ...(text === '' ? {} : { body: bodyOf(response, text) }) }
  } catch (thrown) {
    return { code: 0, headers: {}, body: `no answer: ${toError(thrown).message}` }
  }
}

const headOf = (response: IncomingMessage) => ({
  code: response.statusCode ?? 0,
  headers: headersOf(response),
})

function bodyOf(response: IncomingMessage, text: string): unknown {
  if (/yaml/.test(String(response.headers['content-type']))) return { yaml: parse(text) as unknown }
  if (!/json/.test(String(response.headers['content-type']))) return text
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

/** What a watch says until enough has come, or it ends, or nothing more comes. */
async function streamed(sent: ClientRequest, count: number): Promise<Answer> {
  const response = await responseTo(sent)
  if (response.statusCode !== 200) {
    const chunks: Buffer[] = []
    for await (const chunk of response) chunks.push(chunk as Buffer)
    return { ...headOf(response), body: bodyOf(response, Buffer.concat(chunks).toString()) }
  }
  const late = AbortSignal.timeout(eventsMs)
  late.addEventListener('abort', () => response.destroy())
  const events: unknown[] = []
  let rest = ''
  try {
    for await (const chunk of response) {
      const lines = `${rest}${String(chunk)}`.split('\n')
      rest = lines.pop() ?? ''
      events.push(...lines.map((line) => parseJson(line)).filter(isNotAmbient))
      if (events.length >= count) break
    }
  } catch {
    // Cut by us: what came is what there is.
  }
  response.destroy()
  return { ...headOf(response), events: events.slice(0, count) }
}
