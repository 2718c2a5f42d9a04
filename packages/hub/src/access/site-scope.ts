import { type AnyKind, type SiteAt, valueAt } from '@skerry/api/kind'
import type { KubeObject } from '@skerry/api/object'
import { type LabelSelector, matchesLabels } from '@skerry/api/selector'
import { unavailable } from '@skerry/api/status'
import type { SiteScope } from '../api-server/authorization.ts'
import { siteScopesMax } from './limits.ts'
import type { Labels, SiteChange, SiteLabels } from './site-labels.ts'

/** The sites of every set of selectors; what asks for the same shares one, and hears of changes together. */
export function createSiteScopes(
  sites: SiteLabels,
): (key: string, selectors: readonly LabelSelector[]) => SiteScope {
  const scopes = new Map<string, Scope>()
  sites.onChange((change) => {
    for (const scope of scopes.values()) scope.hear(change)
  })
  return (key, selectors) => {
    const known = scopes.get(key)
    if (known !== undefined) return known
    const made = new Scope(sites, selectors)
    scopes.set(key, made)
    const oldest = scopes.size > siteScopesMax ? scopes.entries().next().value : undefined
    if (oldest !== undefined) {
      scopes.delete(oldest[0])
      // It hears no more: whoever still watches through it has to ask anew.
      oldest[1].end()
    }
    return made
  }
}

class Scope implements SiteScope {
  readonly #sites: SiteLabels
  readonly #selectors: readonly LabelSelector[]
  #change = new AbortController()

  constructor(sites: SiteLabels, selectors: readonly LabelSelector[]) {
    this.#sites = sites
    this.#selectors = selectors
  }

  get changed(): AbortSignal {
    return this.#change.signal
  }

  has(kind: AnyKind, object: KubeObject): boolean {
    const { siteAt } = kind
    if (siteAt === undefined) return false
    if (siteAt === 'self') return this.#chooses(object.metadata.labels)
    this.#assertRead()
    const names = siteNames(siteAt, object)
    return (
      names.length > 0 &&
      names.every((name) => {
        const site = this.#sites.find(object.metadata.namespace, name)
        return site !== undefined && this.#chooses(site.labels)
      })
    )
  }

  isChangedSince(resourceVersion: string): boolean {
    this.#assertRead()
    return this.#sites.isChangedSince(Number(resourceVersion), (change) => this.#matters(change))
  }

  #assertRead(): void {
    if (!this.#sites.isReady)
      throw unavailable('The sites have not been read yet: try again in a moment.')
  }

  hear(change: SiteChange): void {
    if (this.#matters(change)) this.end()
  }

  end(): void {
    const ended = this.#change
    this.#change = new AbortController()
    ended.abort()
  }

  /** Whether a site came into it or left it. */
  #matters({ before, after }: SiteChange): boolean {
    const was = before !== undefined && this.#chooses(before.labels)
    const is = after !== undefined && this.#chooses(after.labels)
    return was !== is
  }

  #chooses(labels: Labels): boolean {
    return this.#selectors.some((selector) => matchesLabels(selector, labels))
  }
}

/** Every site that an object names. */
function siteNames(siteAt: Exclude<SiteAt, 'self'>, object: KubeObject): readonly string[] {
  if (typeof siteAt === 'function') return siteAt(object)
  const value = valueAt(object, siteAt)
  const values: readonly unknown[] = Array.isArray(value) ? value : [value]
  return values.filter((name) => typeof name === 'string' && name !== '') as string[]
}
