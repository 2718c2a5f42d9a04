import type { Clock } from '@skerry/base/clock'
import { isPlainObject } from '@skerry/base/json'
import { type Random, seededRandom } from '@skerry/base/random'
import { type FuzzRequest, anyRequest, samples } from './fuzz-requests.ts'
import { shrinkText } from './fuzz-shrink.ts'
import { hangMs } from './limits.ts'
import type { Answer } from './row.ts'
import { type Client, type Target, openClient } from './send.ts'

export type FuzzFailure = {
  readonly why: string
  readonly request: FuzzRequest
  readonly nth: number
}

export type FuzzOptions = {
  readonly target: Target
  readonly seed: number
  readonly clock: Clock
  /** Whether the next request is sent. */
  readonly goesOn: (sent: number) => boolean
}

/** Sends requests made of a seed until one is answered as none should be; that one is made small. */
export async function runFuzz(
  options: FuzzOptions,
): Promise<FuzzFailure | { readonly sent: number }> {
  const { target, seed, clock, goesOn } = options
  const random: Random = seededRandom(seed)
  await using client = openClient(target)
  let sent = 0
  for (; goesOn(sent); sent += 1) {
    const request = anyRequest(random)
    const why = await problemOf(client, clock, request)
    if (why === undefined) continue
    const text = await shrinkText(request.text, async (shorter) => {
      const again = await problemOf(client, clock, { ...request, text: shorter })
      return again !== undefined && sortOf(again) === sortOf(why)
    })
    return { why, request: text === undefined ? request : { ...request, text }, nth: sent }
  }
  return { sent }
}

const sortOf = (why: string): string => why.split(':', 1)[0]!

/** What is wrong with the answer to a request; undefined if nothing is. */
async function problemOf(
  client: Client,
  clock: Clock,
  request: FuzzRequest,
): Promise<string | undefined> {
  await restore(client, request)
  const startMs = clock.monotonicMs()
  const answer = await send(client, request)
  const tookMs = clock.monotonicMs() - startMs
  if (tookMs > hangMs) return `took ${Math.round(tookMs)} ms`
  if (Object.keys(Object.prototype).length > 0 || 'polluted' in {}) {
    for (const key of Object.keys(Object.prototype)) Reflect.deleteProperty(Object.prototype, key)
    return 'a prototype was changed'
  }
  return problemOfAnswer(request, answer)
}

function problemOfAnswer(
  request: FuzzRequest,
  { code, headers, body }: Answer,
): string | undefined {
  if (code === 0) return `no answer: ${String(body)}`
  if (code >= 500 && !isMeant(body)) return `code ${code}: ${JSON.stringify(body)}`
  if (request.method === 'HEAD' || body === undefined) return undefined
  const isJson = /json/.test(headers['content-type'] ?? '')
  if (isJson && typeof body === 'string') return `not JSON: ${body.slice(0, 200)}`
  if (code >= 400 && isJson && (!isPlainObject(body) || body['code'] !== code))
    return `no Status of ${code}: ${JSON.stringify(body).slice(0, 200)}`
  return undefined
}

/** Kubernetes answers some bad input with 500 in so many words, and so does the hub; a 504 asks to wait. */
function isMeant(body: unknown): boolean {
  return isPlainObject(body) && body['reason'] !== 'InternalError'
}

/** Puts the object back that a request is about, so that each meets the same. */
async function restore(client: Client, { path }: FuzzRequest): Promise<void> {
  const sample = samples.find((each) => path.startsWith(`${each.path}/`))
  if (sample === undefined) return
  const headers = { 'content-type': 'application/json' }
  const text = JSON.stringify(sample.object)
  await send(client, { method: 'POST', path: sample.path, headers, text })
}

function send(client: Client, { text, ...request }: FuzzRequest): Promise<Answer> {
  return client.send({ ...request, body: text === undefined ? undefined : Buffer.from(text) })
}
