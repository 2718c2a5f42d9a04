import type { Clock } from '@skerry/base/clock'
import { equalJson } from '@skerry/base/json'
import type { KubeObject } from '@skerry/api/object'
import { siteChangeSettleMs, siteChangesMax } from './limits.ts'

export type Labels = Readonly<Record<string, string>> | undefined

export type SiteChange = {
  readonly version: number
  readonly heardMs: number
  /** Absent: there was none. */
  readonly before: { readonly labels: Labels } | undefined
  readonly after: { readonly labels: Labels } | undefined
}

type Site = { readonly labels: Labels }

/**
 * The labels of every site, for kinds that inherit theirs, and what changed lately. It is filled only
 * where some binding is limited to sites.
 */
export class SiteLabels {
  readonly #clock: Pick<Clock, 'now'>
  #sites: Map<string, Site> | undefined
  #changes: SiteChange[] = []
  /** Nothing is known of changes up to this version. */
  #horizon = 0
  readonly #listeners = new Set<(change: SiteChange) => void>()

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock
  }

  /** Whether the sites have been read. */
  get isReady(): boolean {
    return this.#sites !== undefined
  }

  /** The labels of a site; undefined if there is no such site. */
  find(namespace: string | undefined, name: string): Site | undefined {
    return this.#sites?.get(`${namespace ?? ''}/${name}`)
  }

  onChange(listener: (change: SiteChange) => void): void {
    this.#listeners.add(listener)
  }

  setAll(objects: readonly KubeObject[], resourceVersion: string): void {
    const next = new Map(objects.map((site) => [keyOf(site), labelsOf(site)]))
    const before = this.#sites
    this.#sites = next
    const version = Number(resourceVersion)
    if (before === undefined) {
      this.#horizon = version
      return
    }
    for (const [key, site] of next) this.#tell(before.get(key), site, version)
    for (const [key, site] of before) if (!next.has(key)) this.#tell(site, undefined, version)
  }

  set(site: KubeObject): void {
    const key = keyOf(site)
    const before = this.#sites?.get(key)
    const after = labelsOf(site)
    this.#sites?.set(key, after)
    this.#tell(before, after, Number(site.metadata.resourceVersion))
  }

  remove(site: KubeObject): void {
    const key = keyOf(site)
    const before = this.#sites?.get(key)
    this.#sites?.delete(key)
    this.#tell(before, undefined, Number(site.metadata.resourceVersion))
  }

  /**
   * Whether something matters that changed after a version. What was heard a moment ago counts in any
   * case: a list that was made before it was heard may have a later version.
   */
  isChangedSince(version: number, matters: (change: SiteChange) => boolean): boolean {
    if (version < this.#horizon) return true
    const settled = this.#clock.now() - siteChangeSettleMs
    return this.#changes.some(
      (change) => (change.version > version || change.heardMs > settled) && matters(change),
    )
  }

  #tell(before: Site | undefined, after: Site | undefined, version: number): void {
    if (before === undefined ? after === undefined : equalSites(before, after)) return
    const change = { before, after, version, heardMs: this.#clock.now() }
    this.#changes.push(change)
    if (this.#changes.length > siteChangesMax) {
      // Half of them at once: taking one from the front costs as much as there are.
      const dropped = this.#changes.splice(0, siteChangesMax / 2)
      this.#horizon = Math.max(this.#horizon, ...dropped.map((each) => each.version))
    }
    for (const listener of this.#listeners) listener(change)
  }
}

function equalSites(before: Site, after: Site | undefined): boolean {
  return after !== undefined && equalJson(before.labels ?? {}, after.labels ?? {})
}

const labelsOf = ({ metadata }: KubeObject): Site => ({ labels: metadata.labels })

const keyOf = ({ metadata }: KubeObject) => `${metadata.namespace ?? ''}/${metadata.name}`
