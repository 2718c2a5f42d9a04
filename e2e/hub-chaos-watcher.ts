import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@skerry/base/random'
import type { FinalObject, WatchFilter, WatchRecord, WatchedEvent } from './hub-chaos-check.ts'
import type { ChaosHub } from './hub-chaos-hub.ts'
import {
  type AnyObject,
  type ChaosResource,
  collectionPath,
  finalOf,
  seenOf,
} from './hub-chaos-objects.ts'

export type ChaosWatcher = {
  /** One for each time that it had to list. */
  readonly records: readonly WatchRecord[]
  readonly last: number
  readonly reconnects: number
  run(signal: AbortSignal): Promise<void>
}

export type WatcherOptions = {
  readonly id: string
  readonly filter: WatchFilter & { readonly resource: ChaosResource }
  readonly hubs: readonly ChaosHub[]
  readonly random: Random
}

type Line = { readonly type: string; readonly object: AnyObject & { readonly code?: number } }

/** Lists, watches, and after a break goes on from the last version that it saw, at any hub. */
export function createWatcher({ id, filter, hubs, random }: WatcherOptions): ChaosWatcher {
  const records: (WatchRecord & { readonly events: WatchedEvent[] })[] = []
  let last = 0
  let reconnects = 0
  const path = collectionPath(filter.resource, filter.namespace)
  const selector = `labelSelector=${encodeURIComponent(filter.shard === undefined ? 'chaos' : `chaos,shard=${filter.shard}`)}`
  const asksBookmarks = random.next() < 0.5
  const hub = () => hubs[Math.floor(random.next() * hubs.length)]!

  const list = async (): Promise<void> => {
    const { code, text } = await hub().send({ method: 'GET', path: `${path}?${selector}` })
    if (code !== 200) throw new Error(text)
    const { items, metadata } = JSON.parse(text) as {
      items: AnyObject[]
      metadata: { resourceVersion: string }
    }
    last = Number(metadata.resourceVersion)
    const initial: FinalObject[] = items.map(finalOf)
    records.push({ id: `${id}.${records.length}`, filter, since: last, initial, events: [] })
  }
  /** False: it has to list again. */
  const hear = ({ type, object }: Line): boolean => {
    if (type === 'ERROR') return object.code !== 410
    const { version, token } = seenOf(object)
    last = version
    if (type === 'BOOKMARK') return true
    const { name, namespace = '' } = object.metadata
    const event = { type: type as WatchedEvent['type'], namespace, name, version, token }
    records.at(-1)!.events.push(event)
    return true
  }
  const follow = async (signal: AbortSignal): Promise<boolean> => {
    const query = `watch=1&resourceVersion=${last}&${selector}${asksBookmarks ? '&allowWatchBookmarks=true' : ''}`
    const response = await hub().open(`${path}?${query}`, signal)
    if (response.statusCode !== 200) {
      response.destroy()
      return response.statusCode !== 410
    }
    for await (const line of createInterface({ input: response })) {
      // What was cut in the middle of a line is sent again in full.
      const parsed = parseLine(line)
      if (parsed === undefined) break
      if (!hear(parsed)) return false
    }
    return true
  }
  return {
    records,
    get last() {
      return last
    },
    get reconnects() {
      return reconnects
    },
    run: async (signal) => {
      let isListed = false
      while (!signal.aborted)
        try {
          if (!isListed) await list()
          isListed = true
          isListed = await follow(signal)
          reconnects += 1
          await sleep(50 + random.next() * 100)
        } catch {
          reconnects += 1
          await sleep(200 + random.next() * 600)
        }
    },
  }
}

function parseLine(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line
  } catch {
    return undefined
  }
}
