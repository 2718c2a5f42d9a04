import type { SiteMetrics } from '@skerry/api/metrics'
import type { StoredObject } from '@skerry/api/object'
import { systemClock } from '@skerry/base/clock'
import { isPlainObject } from '@skerry/base/json'
import { systemRandom } from '@skerry/base/random'
import { useSyncExternalStore } from 'react'
import { hiddenMsMax } from '../limits.ts'
import type { Feed, Snapshot } from './feed.ts'
import { FeedRegistry } from './feed-registry.ts'
import { createHubClient } from './hub-client.ts'
import {
  type ResourceName,
  type Resources,
  type Selection,
  collectionPath,
  metricsPath,
  queryOf,
} from './resources.ts'
import { SessionStore } from './session.ts'
import { listOf, pollSource, watchSource } from './sources.ts'

/** The one hub that this page came from, and everything that is known of it. */
export const session = new SessionStore()
export const hub = createHubClient(
  (path, init) => fetch(path, init),
  () => session.signedOut(),
)
export const feeds = new FeedRegistry({ clock: systemClock, random: systemRandom })

/** Closes watches while the page is hidden for long, and tries at once when it is seen or online again. */
export function followVisibility(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  document.addEventListener('visibilitychange', () => {
    clearTimeout(timer)
    if (document.hidden) timer = setTimeout(() => feeds.suspend(true), hiddenMsMax)
    else {
      feeds.suspend(false)
      feeds.retryNow()
    }
  })
  window.addEventListener('online', () => feeds.retryNow())
}

export function useFeed<V>(feed: Feed<V>): Snapshot<V> {
  return useSyncExternalStore(feed.subscribe, feed.snapshot)
}

/** Objects of a kind, live. */
export function useWatch<R extends ResourceName>(
  resource: R,
  selection: Selection,
): Snapshot<readonly Resources[R][]> {
  const key = `watch ${collectionPath(resource, selection)} ${selection.fieldSelector ?? ''}`
  return useFeed(feeds.feed(key, () => watchSource(hub, resource, selection)))
}

/** Objects of a kind, asked for now and then: for what seldom changes, as open watches are scarce. */
export function useList<R extends ResourceName>(
  resource: R,
  selection: Selection,
  everyMs: number,
): Snapshot<readonly Resources[R][]> {
  const path = `${collectionPath(resource, selection)}${queryOf({ fieldSelector: selection.fieldSelector })}`
  const read = (answer: unknown) => listOf<Resources[R] & StoredObject>(answer).items
  return useFeed(
    feeds.feed(`list ${path}`, () => pollSource(hub, path, { everyMs, clock: systemClock, read })),
  )
}

export type MetricsRange = {
  readonly sinceSeconds: number
  readonly stepSeconds: number
  readonly everyMs: number
}

/** Measurements of a site, or with `-` of all sites of the namespace. */
export function useMetrics(
  namespace: string,
  site: string,
  { everyMs, ...range }: MetricsRange,
): Snapshot<SiteMetrics> {
  const path = metricsPath(namespace, site, range)
  const read = (answer: unknown): SiteMetrics => {
    if (!isPlainObject(answer) || !Array.isArray(answer['series']))
      throw new SyntaxError('The hub answered measurements with something else.')
    return answer as SiteMetrics
  }
  return useFeed(
    feeds.feed(`metrics ${path}`, () =>
      pollSource(hub, path, { everyMs, clock: systemClock, read }),
    ),
  )
}
