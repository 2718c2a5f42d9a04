import type { Site } from '@skerry/api/kinds/site'
import type { Measurement } from './measurement.ts'

type Status = NonNullable<Site['status']>

/** What a site would run: its layers with their variables filled in, or why that cannot be. */
export type WantedContent =
  | { readonly ok: true; readonly layers: readonly { name: string; digest: string }[] }
  | { readonly ok: false; readonly message: string }

export type Next = { readonly profileRevision: string; readonly isOpen: boolean }

/** A site as the deciding part sees it. */
export type SiteFacts = {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>> | undefined
  /** IANA name; absent: UTC. */
  readonly timeZone?: string | undefined
  /** Another fleet whose rollout is changing this site right now. */
  readonly busyWith?: string | undefined
  readonly connectivity: NonNullable<Status['connectivity']>
  readonly health: NonNullable<Status['health']>
  readonly healthMessage?: string | undefined
  /** What this fleet gives to the site now. */
  readonly assigned?:
    | {
        readonly profileRevision: string
        readonly attempt: number
        readonly next?: Next | undefined
      }
    | undefined
  /** Whether the files of the new revision are there; absent: nobody knows. */
  readonly isFetched?: boolean | undefined
  /** The new revision at this site. */
  readonly wanted: WantedContent
  /** The previous revision at this site; absent when there is none. */
  readonly previous?: WantedContent | undefined
  readonly layers: readonly {
    readonly name: string
    readonly digest?: string | undefined
    readonly state: string
    /** Unplanned restarts; of an operating system: of the machine, since the image runs. */
    readonly restarts?: number | undefined
    /** Why it is so; of an operating system that runs: what is wrong with it all the same. */
    readonly message?: string | undefined
  }[]
  readonly failed: readonly {
    readonly layer: string
    readonly digest: string
    readonly attempt: number
    readonly message: string
  }[]
}

export type RolloutFacts = {
  /** The sites that the fleet selects now. */
  readonly sites: readonly SiteFacts[]
  /** The models of the new revision. */
  readonly models: readonly {
    readonly name: string
    readonly version: string
    /** Whether the previous revision serves it too. */
    readonly hasPrevious: boolean
  }[]
  /** The layer of the operating system, where the new revision changes it. */
  readonly changedOs?: { readonly layer: string; readonly version: string } | undefined
  /** Of the wave that was under way when the facts were gathered. */
  readonly measurements: readonly Measurement[]
  /** The new revision is no more: its profile was deleted. */
  readonly isRevisionGone?: boolean | undefined
  /** A newer rollout of the same fleet. */
  readonly newerRollout?: string | undefined
}

/** What a site shall get from its fleet. */
export type Assignment = {
  readonly site: string
  readonly profileRevision: string
  readonly attempt: number
  /** What it will get, and may fetch before; absent: nothing. */
  readonly next?: Next
}

export type RolloutEvent = {
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
}

/** Why the content cannot be there: it failed here in this attempt, or cannot be made. */
export function contentProblem(
  site: SiteFacts,
  content: WantedContent,
  attempt: number,
): string | undefined {
  if (!content.ok) return content.message
  for (const { name, digest } of content.layers) {
    const failure = site.failed.find(
      (each) => each.layer === name && each.digest === digest && each.attempt >= attempt,
    )
    if (failure !== undefined) return `layer ${name}: ${failure.message}`
  }
  return undefined
}

/** Whether all of the content runs at the site. */
export function runsContent(site: SiteFacts, content: WantedContent): boolean {
  return (
    content.ok &&
    content.layers.every(({ name, digest }) =>
      site.layers.some(
        (layer) => layer.name === name && layer.digest === digest && layer.state === 'Running',
      ),
    )
  )
}

export function isOnline(site: SiteFacts): boolean {
  return site.connectivity === 'Online'
}

/** Healthy ones first, then by name: the same choice every time. */
export function byFitness(left: SiteFacts, right: SiteFacts): number {
  const rank = (site: SiteFacts) =>
    isOnline(site) ? (site.health === 'Healthy' ? 0 : site.health === 'Failed' ? 2 : 1) : 3
  return rank(left) - rank(right) || compareNames(left.name, right.name)
}

export function compareNames(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
