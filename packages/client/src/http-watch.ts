import type { IncomingMessage } from 'node:http'
import { backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import { parseJson } from '@skerry/base/json'
import type { Random } from '@skerry/base/random'
import type { AnyKind } from '@skerry/api/kind'
import type { StoredObject } from '@skerry/api/object'
import type { ObjectList, WatchEvent, WatchOptions } from '@skerry/api/state'
import { type Status, errorOfStatus, isApiError } from '@skerry/api/status'
import type { HubConnection } from './hub-connection.ts'
import {
  reconnectFirstMs,
  reconnectMaxMs,
  watchGraceMs,
  watchLifeSeconds,
  watchLineCharactersMax,
} from './http-limits.ts'
import { resourcePath, selectorQuery, withQuery } from './resource-path.ts'

export type WatchSource = {
  readonly connection: HubConnection
  readonly clock: Clock
  readonly random: Random
  /** Lists what is watched. */
  readonly list: () => Promise<ObjectList>
}

/**
 * A watch that outlives its connections: it goes on from the last version that it saw. Without a
 * version it lists first, so that a connection lost half way through the beginning repeats nothing.
 * Rejects with Expired when the hub no longer knows that version.
 */
export async function* watchOverHttp(
  source: WatchSource,
  kind: AnyKind,
  options: WatchOptions,
): AsyncGenerator<WatchEvent> {
  const { signal, bookmarks } = options
  let version = options.resourceVersion ?? ''
  if (version === '' || version === '0') {
    if (signal.aborted) return
    const list = await source.list()
    for (const object of list.items) {
      if (signal.aborted) return
      yield { type: 'ADDED', object }
    }
    version = list.resourceVersion
    if (bookmarks) yield { type: 'BOOKMARK', resourceVersion: version, isInitialEnd: true }
  }
  for (let failures = 0, isFirst = true; !signal.aborted; isFirst = false) {
    let hasTold = false
    try {
      for await (const event of eventsSince(source, kind, {
        ...options,
        resourceVersion: version,
      })) {
        failures = 0
        hasTold = true
        version = versionOf(event)
        if (event.type !== 'BOOKMARK' || bookmarks) yield event
      }
      // A hub that closes at once, as one that stops does, is not asked again at once.
      if (!hasTold) await pause(source, 0, signal)
    } catch (thrown) {
      if (signal.aborted) return
      // Whoever begins is told that the hub is not there; whoever was connected is brought back.
      if (isFirst || !isPassing(thrown)) throw thrown
      await pause(source, failures, signal)
      failures += 1
    }
  }
}

function versionOf(event: WatchEvent): string {
  return event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion
}

/** Failures that go away by waiting; anything else the caller has to act on. */
function isPassing(thrown: unknown): boolean {
  return isApiError(thrown, 'ServiceUnavailable', 'TooManyRequests', 'Timeout', 'InternalError')
}

async function pause({ clock, random }: WatchSource, attempt: number, signal: AbortSignal) {
  const delayMs = backoffMs(attempt, { firstMs: reconnectFirstMs, maxMs: reconnectMaxMs }, random)
  await clock.sleep(delayMs, signal).catch(() => {})
}

/** The events of one connection. */
async function* eventsSince(
  { connection, clock }: WatchSource,
  kind: AnyKind,
  options: WatchOptions & { readonly resourceVersion: string },
): AsyncGenerator<WatchEvent> {
  const life = new AbortController()
  const signal = AbortSignal.any([options.signal, life.signal])
  const path = withQuery(resourcePath(kind, { namespace: options.namespace }), {
    ...selectorQuery(options),
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: options.resourceVersion,
    timeoutSeconds: String(watchLifeSeconds),
  })
  // The hub ends the stream in time; if it does not, the connection is dead.
  clock.sleep(watchLifeSeconds * 1000 + watchGraceMs, signal).then(
    () => life.abort(),
    () => {},
  )
  try {
    const response = await connection.open(path, signal)
    for await (const line of linesOf(response)) yield eventOf(line)
  } finally {
    life.abort()
  }
}

/** The lines of a stream. A connection that breaks off ends them, as one that is closed does. */
async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8')
  let rest = ''
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<string>
  for (;;) {
    const next = await chunks.next().catch(() => ({ done: true as const, value: '' }))
    if (next.done) return
    const lines = `${rest}${next.value}`.split('\n')
    rest = lines.pop()!
    if (rest.length > watchLineCharactersMax)
      throw new Error(`A line of a watch is longer than ${watchLineCharactersMax} characters.`)
    for (const line of lines) if (line !== '') yield line
  }
}

function eventOf(line: string): WatchEvent {
  const { type, object } = parseJson(line) as { type: string; object: unknown }
  switch (type) {
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
      return { type, object: object as StoredObject }
    case 'BOOKMARK':
      return { type, resourceVersion: (object as StoredObject).metadata.resourceVersion }
    case 'ERROR': {
      const status = object as Partial<Status>
      throw errorOfStatus(status, status.code ?? 500)
    }
    default:
      throw new Error(`The hub sent an event of unknown type ${JSON.stringify(type)}.`)
  }
}
