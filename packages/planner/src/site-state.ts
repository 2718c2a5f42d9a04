import type { Prefetch, SiteLayer, SpecVersion } from '@skerry/api/site-spec'
import type { CurrentOs } from './os-state.ts'

/** What shall run: a site spec without its paperwork. */
export type TargetSite = {
  /** Absent while the spec itself is lost and the site goes on with what it last ran. */
  readonly version?: SpecVersion
  readonly layers: readonly SiteLayer[]
  /** What may be fetched before it runs. */
  readonly prefetch?: Prefetch | undefined
  /** IANA name; absent: UTC. */
  readonly timeZone?: string | undefined
  /** When the spec was made, by its hub's clock: a machine whose clock is far before it knows no time. */
  readonly issuedMs?: number | undefined
}

/** What the agent sees at its site at one moment. */
export type CurrentSite = {
  /** Digests of the files that are complete. */
  readonly blobs: readonly string[]
  /** Digests of the files of which a part is here. */
  readonly partials: readonly string[]
  readonly fetching: readonly { readonly digest: string; readonly receivedBytes: number }[]
  /** Where the agent listens, by layer. */
  readonly ports: Readonly<Record<string, number>>
  readonly models: readonly CurrentModel[]
  readonly workloads: readonly CurrentWorkload[]
  /** What ran well here, by layer: the way back when something newer does not. */
  readonly kept: Readonly<Record<string, KeptLayer>>
  /** The newest spec that ran in full. */
  readonly applied?: SpecVersion | undefined
  /** Absent where the operating system is not an image. */
  readonly os?: CurrentOs | undefined
  /** Steps that did not succeed, by `stepKey`, and when each may be tried again. */
  readonly held: Readonly<Record<string, HeldStep>>
}

export type HeldStep = { readonly untilMs: number; readonly message: string }

export type KeptLayer = {
  /** What last served. */
  readonly good: SiteLayer
  /** What served before it; its file stays, so that going back needs no link. */
  readonly previous?: SiteLayer | undefined
}

/** All that a decision may look at. */
export type View = {
  readonly current: CurrentSite
  readonly target: TargetSite
  readonly failures: readonly FailedContent[]
  readonly nowMs: number
}

export const modelPhases = [
  /** The process loads and warms the model. */
  'Loading',
  /** It answered its self-test and waits for traffic. */
  'Ready',
  /** New connections go to it. */
  'Serving',
  /** Another took over; it still has its connections. */
  'Replaced',
  /** It finishes what it has. */
  'Draining',
  /** The process is gone without being asked. */
  'Ended',
] as const

export type CurrentModel = {
  /** Tells apart the processes of a layer. */
  readonly instance: string
  readonly layer: string
  readonly digest: string
  readonly model: string
  readonly version: string
  readonly attempt: number
  readonly phase: (typeof modelPhases)[number]
  /** Unplanned restarts since this content was started. */
  readonly restarts: number
  /** How often in a row it ended without running for a while. */
  readonly crashes: number
  /** Ended: not started again before. */
  readonly retryAtMs?: number | undefined
  /** The process said that it will never serve. */
  readonly isRefused?: boolean | undefined
  readonly message?: string | undefined
}

export type CurrentWorkload = {
  readonly layer: string
  readonly digest: string
  readonly phase: 'Starting' | 'Running' | 'Stopping' | 'Ended'
  /** The model addresses that it was started with, as `portsKey` writes them. */
  readonly portsKey: string
  readonly restarts: number
  readonly crashes: number
  readonly retryAtMs?: number | undefined
  readonly message?: string | undefined
}

/** Content that failed here: not tried again until the attempt is raised. */
export type FailedContent = {
  readonly layer: string
  readonly digest: string
  readonly attempt: number
  readonly message: string
}

/** After so many ends in a row something is broken, not unlucky. */
export const crashesBeforeBroken = 3

/** The model addresses that every workload is told. */
export function portsKey(ports: Readonly<Record<string, number>>): string {
  return Object.keys(ports)
    .toSorted()
    .map((layer) => `${layer}:${ports[layer]}`)
    .join(' ')
}

/** The failure that forbids this content, if there is one. */
export function failureOf(
  layer: Pick<SiteLayer, 'digest' | 'attempt'>,
  failures: readonly FailedContent[],
): FailedContent | undefined {
  return failures.find(
    (failed) => failed.digest === layer.digest && failed.attempt >= layer.attempt,
  )
}

/** Whether a process runs just this content under just this name. */
export function isContent(running: CurrentModel, layer: SiteLayer): boolean {
  return (
    running.layer === layer.name &&
    running.digest === layer.digest &&
    running.model === layer.model?.name &&
    running.version === layer.model.version
  )
}

export function isSameContent(left: SiteLayer, right: SiteLayer): boolean {
  return (
    left.type === right.type &&
    left.digest === right.digest &&
    left.model?.name === right.model?.name &&
    left.model?.version === right.model?.version
  )
}
