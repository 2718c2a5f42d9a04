import { once } from 'node:events'
import { Http2ServerResponse } from 'node:http2'
import type { Writable } from 'node:stream'
import { toError } from '@skerry/base/assert'
import type { Clock } from '@skerry/base/clock'
import type { WatchOptions } from '@skerry/api/state'
import { ApiError, gone } from '@skerry/api/status'
import { writableOf } from '../wire/answer.ts'
import type { ApiResponse, ResourceCall, ServerContext } from '../call.ts'
import { isDrained } from '../wire/drain.ts'
import { lastWordsMs, watchLifeMs, watchSecondsMax, watchesMax } from '../limits.ts'
import { assertReached } from './get-handler.ts'
import {
  type ReadOptions,
  readOptionsOf,
  unreadableVersion,
  versionNumber,
} from './read-options.ts'
import { listOptionsOf } from './request-options.ts'
import { watchLines } from './watch-lines.ts'

/** Streams what changes, one line of JSON an event, until the client, the time or the server ends it. */
export async function serveWatch(
  server: ServerContext,
  call: ResourceCall,
  begun: () => void,
): Promise<void> {
  const { watches } = server
  if (call.accepted.format === 'yaml') throw notStreamed()
  if (watches.open >= watchesMax)
    throw new ApiError('TooManyRequests', `${watchesMax} watches are open: come back later`, {
      retryAfterSeconds: 5,
    })
  const read = readOptionsOf(call.query, 'watch')
  const asked = versionNumber(read.resourceVersion, unreadableVersion)
  using life = watchSignal(server, call, watchLifeOf(server, read))
  const options = await watchOptionsOf(server, call, { read, signal: life.signal })
  Object.assign(watches, { open: watches.open + 1 })
  try {
    begun()
    sendHeaders(call.response)
    await stream(server, call, options, async () => {
      if (read.sendInitialEvents === true && asked > 0) await assertReached(server, asked)
    })
  } finally {
    Object.assign(watches, { open: watches.open - 1 })
  }
}

/** `mayBegin` throws what is told as the first and last event. */
async function stream(
  server: ServerContext,
  call: ResourceCall,
  options: WatchOptions,
  mayBegin: () => Promise<void>,
): Promise<void> {
  const output = writableOf(call.response)
  try {
    const linesOf = watchLines(server, call)
    await mayBegin()
    for await (const events of server.texts.watchTexts(call.target.kind, options)) {
      server.metrics?.sent?.(call.target.kind, events.length)
      if (
        !output.write(linesOf(events)) &&
        !(await isDrained(output, server.clock, options.signal))
      )
        throw gone('The watch was not read for too long: list again and watch from that version.')
    }
    output.end()
  } catch (thrown) {
    await endWithError(server, output, thrown)
  }
}

/** Says why it ends, if there is still somebody who reads. */
async function endWithError(
  server: ServerContext,
  output: Writable,
  thrown: unknown,
): Promise<void> {
  if (output.destroyed) return
  output.end(`${JSON.stringify({ type: 'ERROR', object: statusOf(server, thrown) })}\n`)
  if (!output.writableFinished) await isFinished(output, server.clock)
  if (!output.writableFinished) output.destroy()
}

async function isFinished(output: Writable, clock: Clock): Promise<void> {
  const done = new AbortController()
  try {
    await Promise.race([
      once(output, 'finish', { signal: done.signal }),
      clock.sleep(lastWordsMs, done.signal),
    ])
  } catch {
    // It has gone, which ends it as well.
  } finally {
    done.abort()
  }
}

function notStreamed(): ApiError {
  return new ApiError(
    'NotAcceptable',
    'only the following media types are accepted: application/json;stream=watch',
  )
}

/** A client that watches waits for the headers before it goes on. */
function sendHeaders(response: ApiResponse): void {
  response.statusCode = 200
  response.setHeader('Content-Type', 'application/json')
  response.setHeader('Cache-Control', 'no-cache, private')
  if (response instanceof Http2ServerResponse) response.writeHead(200)
  else response.flushHeaders()
}

function statusOf(server: ServerContext, thrown: unknown): object {
  if (thrown instanceof ApiError) return thrown.status
  server.log.error('a watch failed', { error: toError(thrown).stack })
  return new ApiError('InternalError', 'the hub failed here; its log says why').status
}

function watchLifeOf({ random }: ServerContext, { timeoutSeconds }: ReadOptions): number {
  return timeoutSeconds > 0
    ? Math.min(timeoutSeconds, watchSecondsMax) * 1000
    : watchLifeMs * (1 + random.next())
}

/** Made once: a reason for each of a thousand watches that end together would take a while. */
const watchEnded = new Error('The watch has ended.')

/** Aborts when the client leaves, the time is over or the server closes. */
function watchSignal(
  { clock, closing }: ServerContext,
  { response }: ResourceCall,
  lifeMs: number,
): Disposable & { readonly signal: AbortSignal } {
  const ended = new AbortController()
  const end = (): void => ended.abort(watchEnded)
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
  { texts }: ServerContext,
  call: ResourceCall,
  { read, signal }: { readonly read: ReadOptions; readonly signal: AbortSignal },
): Promise<WatchOptions> {
  const bookmarks = read.allowWatchBookmarks
  const options = { ...listOptionsOf(call), signal, bookmarks }
  const { resourceVersion, sendInitialEvents } = read
  if (sendInitialEvents === true) return options
  const isNow = resourceVersion === '' || resourceVersion === '0'
  if (!isNow) return { ...options, resourceVersion }
  return sendInitialEvents === false
    ? { ...options, resourceVersion: await texts.version() }
    : options
}
