import type { Site } from '@skerry/api/kinds/site'
import type { MetricsPoint, SiteMetrics } from '@skerry/api/metrics'
import { toMs } from './format.ts'
import {
  type Connectivity,
  type Health,
  type Sync,
  connectivityLooks,
  healthLooks,
  syncLooks,
} from './looks.ts'

/** What a site did in the last minute. */
export type Pulse = {
  readonly requestsPerSecond: number
  readonly p99Ms: number | undefined
  readonly accuracy: number | undefined
}

export type SiteRow = {
  readonly name: string
  readonly title: string
  readonly connectivity: Connectivity
  readonly health: Health
  readonly sync: Sync | undefined
  readonly versions: string
  readonly lastSeenMs: number | undefined
  readonly pulse: Pulse | undefined
  /** Everything that the filter looks at, in lower case. */
  readonly text: string
}

export function siteRow(site: Site, pulse: Pulse | undefined): SiteRow {
  const { metadata, spec, status } = site
  const connectivity = status?.connectivity ?? 'Never'
  const health = status?.health ?? 'Unknown'
  const versions = versionsOf(site)
  const labels = Object.entries(metadata.labels ?? {}).map(([key, value]) => `${key}=${value}`)
  const words = [
    metadata.name,
    spec.displayName ?? '',
    versions,
    connectivityLooks[connectivity].words,
    healthLooks[health].words,
    status?.sync === undefined ? '' : syncLooks[status.sync].words,
    ...labels,
  ]
  return {
    name: metadata.name,
    title: spec.displayName ?? metadata.name,
    connectivity,
    health,
    sync: status?.sync,
    versions,
    lastSeenMs: toMs(status?.lastSeenTime),
    pulse: connectivity === 'Online' ? pulse : undefined,
    text: words.join('\n').toLowerCase(),
  }
}

/** `digits v2`, or what the site says of its models in one string. */
export function versionsOf(site: Site): string {
  const models = (site.status?.layers ?? []).filter(({ type }) => type === 'model')
  const told = models.map(({ name, version }) =>
    version === undefined ? name : `${name} ${version}`,
  )
  return site.status?.models ?? told.join(', ')
}

/** The last minute of every site: rates add up, accuracy is weighed by judged answers, p99 is the worst. */
export function pulses(metrics: SiteMetrics): ReadonlyMap<string, Pulse> {
  const bySite = Map.groupBy(metrics.series, ({ site }) => site)
  const pulseOf = (points: readonly MetricsPoint[]): Pulse => {
    const judged = points.filter(({ accuracy }) => accuracy !== undefined)
    const weight = judged.reduce((total, point) => total + point.judged, 0)
    const right = judged.reduce((total, point) => total + point.judged * point.accuracy!, 0)
    const latencies = points.flatMap(({ p99Ms }) => p99Ms ?? [])
    return {
      requestsPerSecond: points.reduce((total, point) => total + point.requestsPerSecond, 0),
      p99Ms: latencies.length === 0 ? undefined : Math.max(...latencies),
      accuracy: weight === 0 ? undefined : right / weight,
    }
  }
  return new Map(
    [...bySite].map(([site, series]) => {
      // Two versions take turns while one replaces the other; each tells of its own newest step.
      const points = series.flatMap(({ points: all }) => all.at(-1) ?? [])
      const newest = Math.max(...points.map(({ time }) => toMs(time) ?? 0))
      return [site, pulseOf(points.filter(({ time }) => toMs(time) === newest))]
    }),
  )
}

/** The groups that people look for; each is a filter. */
export const siteGroups = {
  online: { words: 'Online', has: (row: SiteRow) => row.connectivity === 'Online' },
  offline: { words: 'Offline', has: (row: SiteRow) => row.connectivity === 'Offline' },
  healthy: { words: 'Healthy', has: (row: SiteRow) => row.health === 'Healthy' },
  unwell: {
    words: 'Unwell',
    has: (row: SiteRow) => row.health === 'Degraded' || row.health === 'Failed',
  },
  parked: { words: 'Parked', has: (row: SiteRow) => row.sync === 'Parked' },
  changing: {
    words: 'Changing',
    has: (row: SiteRow) => row.sync === 'Progressing' || row.sync === 'OutOfSync',
  },
} as const
export type SiteGroup = keyof typeof siteGroups

export function isSiteGroup(name: string | undefined): name is SiteGroup {
  return name !== undefined && Object.hasOwn(siteGroups, name)
}

export function countGroups(rows: readonly SiteRow[]): Record<SiteGroup, number> {
  const count = (group: SiteGroup) => rows.filter(siteGroups[group].has).length
  return {
    online: count('online'),
    offline: count('offline'),
    healthy: count('healthy'),
    unwell: count('unwell'),
    parked: count('parked'),
    changing: count('changing'),
  }
}

/** Every word of the filter must occur somewhere in the row. */
export function filterRows(
  rows: readonly SiteRow[],
  filter: string,
  group: SiteGroup | undefined,
): SiteRow[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean)
  return rows.filter(
    (row) =>
      (group === undefined || siteGroups[group].has(row)) &&
      words.every((word) => row.text.includes(word)),
  )
}

const healthOrder: Record<Health, number> = { Failed: 0, Degraded: 1, Unknown: 2, Healthy: 3 }
const connectivityOrder: Record<Connectivity, number> = { Offline: 0, Never: 1, Online: 2 }
const syncOrder: Record<Sync, number> = { OutOfSync: 0, Progressing: 1, Parked: 2, Synced: 3 }

type SortValue = string | number | undefined

/** What each column sorts by, ascending; worst first where there is a worst. */
export const siteSorts = {
  name: (row: SiteRow): SortValue => row.title.toLowerCase(),
  connectivity: (row: SiteRow): SortValue => connectivityOrder[row.connectivity],
  health: (row: SiteRow): SortValue => healthOrder[row.health],
  sync: (row: SiteRow): SortValue => (row.sync === undefined ? undefined : syncOrder[row.sync]),
  versions: (row: SiteRow): SortValue => row.versions,
  rate: (row: SiteRow): SortValue => row.pulse?.requestsPerSecond,
  p99: (row: SiteRow): SortValue => row.pulse?.p99Ms,
  accuracy: (row: SiteRow): SortValue => row.pulse?.accuracy,
  lastSeen: (row: SiteRow): SortValue => row.lastSeenMs,
} as const
export type SiteSort = keyof typeof siteSorts
export type SortOrder<K extends string> = { readonly key: K; readonly isDescending: boolean }

/** Sorted by a column, then by name. What is not known comes last either way. */
export function sortRows(rows: readonly SiteRow[], order: SortOrder<SiteSort>): SiteRow[] {
  const value = siteSorts[order.key]
  const sign = order.isDescending ? -1 : 1
  return rows.toSorted((left, right) => {
    const a = value(left)
    const b = value(right)
    if (a === b) return collator.compare(left.name, right.name)
    if (a === undefined) return 1
    if (b === undefined) return -1
    if (typeof a === 'string' && typeof b === 'string') return sign * collator.compare(a, b)
    return a < b ? -sign : sign
  })
}

const collator = new Intl.Collator('en', { numeric: true })

/** `p99` or `-p99`, as the address carries it. */
export function parseSort(text: string | undefined): SortOrder<SiteSort> {
  const isDescending = text?.startsWith('-') === true
  const key = text?.replace(/^-/, '') ?? ''
  return Object.hasOwn(siteSorts, key)
    ? { key: key as SiteSort, isDescending }
    : { key: 'name', isDescending: false }
}
