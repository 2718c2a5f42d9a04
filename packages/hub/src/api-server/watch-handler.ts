import { once } from 'node:events'
import { Http2ServerResponse } from 'node:http2'
import type { Writable } from 'node:stream'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import { type AnyKind, apiVersionOf } from '@skerry/api/kind'
import type { WatchEvent, WatchOptions } from '@skerry/api/state'
import { ApiError } from '@skerry/api/status'
import { columnDefinitions } from '@skerry/api/table'
import { shapedObject, writableOf } from './answer.ts'
import type { ApiResponse, ResourceCall, ServerContext } from './call.ts'
import { slowWatchMs, watchLifeMs, watchSecondsMax, watchesMax } from './limits.ts'
import { countOf, isTrue, listOptionsOf } from './request-options.ts'

const initialEventsEnd = 'k8s.io/initial-events-end'

/** Streams what changes, one line of JSON an event, until the client, the time or the server ends it. */
export async function serveWatch(
  server: ServerContext,
  call: ResourceCall,
  begun: () => void,
): Promise<void> {
  const { watches } = server
  if (watches.open >= watchesMax)
    throw new ApiError('TooManyRequests', `${watchesMax} watches are open: come back later`, {
      retryAfterSeconds: 5,
    })
  const lifeMs = watchLifeOf(server, call)
  using life = watchSignal(server, call, lifeMs)
  const options = await watchOptionsOf(server, call, life.signal)
  Object.assign(watches, { open: watches.open + 1 })
  try {
    begun()
    await stream(server, call, options)
  } finally {
    Object.assign(watches, { open: watches.open - 1 })
  }
}

async function stream(
  server: ServerContext,
  call: ResourceCall,
  options: WatchOptions,
): Promise<void> {
  const { response, target } = call
  const output = writableOf(response)
  response.statusCode = 200
  response.setHeader('Content-Type', 'application/json;stream=watch')
  response.setHeader('Cache-Control', 'no-cache, private')
  sendHeadersNow(response)
  let isStuck = false
  try {
    for await (const event of server.state.watch(target.kind, options)) {
      const line = `${JSON.stringify(eventOnWire(server, call, event))}\n`
      isStuck = !output.write(line) && !(await isDrained(output, server.clock, options.signal))
      if (isStuck) break
    }
  } catch (thrown) {
    if (!options.signal.aborted)
      output.write(`${JSON.stringify({ type: 'ERROR', object: statusOf(server, thrown) })}\n`)
  }
  if (isStuck) output.destroy()
  else output.end()
}

/** A client that watches waits for the headers before it goes on. */
function sendHeadersNow(response: ApiResponse): void {
  if (response instanceof Http2ServerResponse) response.writeHead(200)
  else response.flushHeaders()
}

/** Waits until a slow reader has taken what it was sent; false if it takes too long. */
async function isDrained(output: Writable, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const done = new AbortController()
  const either = AbortSignal.any([signal, done.signal])
  try {
    return await Promise.race([
      once(output, 'drain', { signal: either }).then(() => true),
      clock.sleep(slowWatchMs, either).then(() => false),
    ])
  } catch {
    return false
  } finally {
    done.abort()
  }
}

function statusOf(server: ServerContext, thrown: unknown): object {
  if (thrown instanceof ApiError) return thrown.status
  server.log.error('a watch failed', { error: toError(thrown).stack })
  return new ApiError('InternalError', 'the hub failed here; its log says why').status
}

function eventOnWire(server: ServerContext, call: ResourceCall, event: WatchEvent): object {
  const { kind } = call.target
  return event.type === 'BOOKMARK'
    ? { type: event.type, object: bookmark(kind, call, event) }
    : { type: event.type, object: shapedObject(server, call, { kind, object: event.object }) }
}

function bookmark(
  kind: AnyKind,
  { accepted, query }: ResourceCall,
  event: Extract<WatchEvent, { type: 'BOOKMARK' }>,
): object {
  const isEnd = event.isInitialEnd === true && isTrue(query, 'sendInitialEvents')
  const metadata = {
    resourceVersion: event.resourceVersion,
    creationTimestamp: null,
    ...(isEnd ? { annotations: { [initialEventsEnd]: 'true' } } : {}),
  }
  if (accepted.as === undefined)
    return { kind: kind.kind, apiVersion: apiVersionOf(kind), metadata }
  const partial = { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata }
  return accepted.as === 'Table' ? tableBookmark(kind, partial) : partial
}

/** A table of one empty row, whose object carries the bookmark, as a kube-apiserver sends it. */
function tableBookmark(
  kind: AnyKind,
  partial: { readonly metadata: { readonly resourceVersion: string } },
): object {
  const definitions = columnDefinitions(kind)
  const cells = definitions.map(({ format }) => (format === 'name' ? '' : null))
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata: { resourceVersion: partial.metadata.resourceVersion },
    columnDefinitions: definitions,
    rows: [{ cells, object: partial }],
  }
}

function watchLifeOf({ random }: ServerContext, { query }: ResourceCall): number {
  const askedSeconds = countOf(query, 'timeoutSeconds') ?? 0
  return askedSeconds === 0
    ? watchLifeMs * (1 + random.next())
    : Math.min(askedSeconds, watchSecondsMax) * 1000
}

/** Aborts when the client leaves, the time is over or the server closes. */
function watchSignal(
  { clock, closing }: ServerContext,
  { response }: ResourceCall,
  lifeMs: number,
): Disposable & { readonly signal: AbortSignal } {
  const ended = new AbortController()
  const end = (): void => ended.abort()
  response.on('close', end)
  response.on('error', end)
  closing.addEventListener('abort', end, { once: true })
  if (closing.aborted) end()
  clock.sleep(lifeMs, ended.signal).then(end, () => {})
  return {
    signal: ended.signal,
    [Symbol.dispose]: () => {
      closing.removeEventListener('abort', end)
      end()
    },
  }
}

async function watchOptionsOf(
  { state }: ServerContext,
  call: ResourceCall,
  signal: AbortSignal,
): Promise<WatchOptions> {
  const { query, target } = call
  const list = listOptionsOf(call)
  const asked = query.get('resourceVersion') ?? ''
  const bookmarks = isTrue(query, 'allowWatchBookmarks')
  if (isTrue(query, 'sendInitialEvents')) return { ...list, signal, bookmarks: true }
  // `sendInitialEvents=false` without a version means: from now on.
  const version =
    asked === '' && query.get('sendInitialEvents') === 'false'
      ? (await state.list(target.kind, list)).resourceVersion
      : asked
  return version === '' || version === '0'
    ? { ...list, signal, bookmarks }
    : { ...list, signal, bookmarks, resourceVersion: version }
}
