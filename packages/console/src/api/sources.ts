import type { StoredObject } from '@skerry/api/object'
import { isApiError } from '@skerry/api/status'
import type { Clock } from '@skerry/base/clock'
import { isPlainObject } from '@skerry/base/json'
import { watchSilenceMsMax } from '../limits.ts'
import type { FeedSource } from './feed.ts'
import type { HubClient } from './hub-client.ts'
import {
  type ResourceName,
  type Resources,
  type Selection,
  collectionPath,
  queryOf,
} from './resources.ts'
import { type Known, applyWatchEvent, knownFromList, parseWatchLine } from './watch-events.ts'

/**
 * Lists once, then watches from there. After a lost connection it goes on from the last version; when
 * the hub no longer keeps that (410), it lists again.
 */
export function watchSource<R extends ResourceName>(
  client: HubClient,
  resource: R,
  selection: Selection,
): FeedSource<readonly Resources[R][]> {
  const path = collectionPath(resource, selection)
  const { fieldSelector } = selection
  let known: Known<Resources[R]> | undefined
  return async (output, signal) => {
    try {
      if (known === undefined) {
        known = knownFromList(
          listOf<Resources[R]>(await client.get(path + queryOf({ fieldSelector }), signal)),
        )
        output.known([...known.objects.values()])
      }
      const silence = new Silence(signal)
      const query = {
        watch: 'true',
        allowWatchBookmarks: 'true',
        resourceVersion: known.resourceVersion,
        fieldSelector,
      }
      try {
        const lines = await client.stream(path + queryOf(query), silence.signal)
        output.contact()
        for await (const line of lines) {
          silence.broken()
          const before: Known<Resources[R]> = known
          known = applyWatchEvent(before, parseWatchLine<Resources[R]>(line))
          if (known.objects === before.objects) output.contact()
          else output.known([...known.objects.values()])
        }
      } catch (thrown) {
        if (!silence.isOver) throw thrown
      } finally {
        silence.end()
      }
    } catch (thrown) {
      if (!isApiError(thrown, 'Expired')) throw thrown
      known = undefined
    }
  }
}

/** Ends a stream that says nothing for too long: a connection may die without telling. */
class Silence {
  readonly #quiet = new AbortController()
  readonly signal: AbortSignal
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(outer: AbortSignal) {
    this.signal = AbortSignal.any([outer, this.#quiet.signal])
    this.broken()
  }

  get isOver(): boolean {
    return this.#quiet.signal.aborted
  }

  broken(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#quiet.abort(new Error('silence')), watchSilenceMsMax)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}

/** Asks again and again. */
export function pollSource<V>(
  client: HubClient,
  path: string,
  options: {
    readonly everyMs: number
    readonly clock: Clock
    readonly read: (answer: unknown) => V
  },
): FeedSource<V> {
  return async (output, signal) => {
    output.known(options.read(await client.get(path, signal)))
    await options.clock.sleep(options.everyMs, signal)
  }
}

/** The items of a list, each with its kind: a list says it only once. */
export function listOf<T extends StoredObject>(
  answer: unknown,
): { items: T[]; resourceVersion: string } {
  const metadata = isPlainObject(answer) ? answer['metadata'] : undefined
  const items = isPlainObject(answer) ? answer['items'] : undefined
  if (!Array.isArray(items) || !isPlainObject(metadata))
    throw new SyntaxError('The hub answered a list with something else.')
  const version = metadata['resourceVersion']
  return { items: items as T[], resourceVersion: typeof version === 'string' ? version : '' }
}
