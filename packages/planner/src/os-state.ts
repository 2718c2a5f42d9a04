import type { OsReport } from '@skerry/api/os/os-report'

/** The operating system of a machine that runs from an image, at one moment. */
export type CurrentOs = {
  /** The running image. */
  readonly imageId: string
  readonly version: string
  /** Digest of its manifest, if it came as an artifact. */
  readonly digest?: string | undefined
  /** It is counted: it must be kept or given up. */
  readonly isOnTrial: boolean
  /** What its trial says so far. */
  readonly trial: Trial
  /** Complete in a slot and not running, by image id. */
  readonly staged: readonly string[]
  /** The next to start; only the restart is missing. */
  readonly switched?: string | undefined
  /** A restart was ordered and is under way. */
  readonly isRestarting: boolean
  readonly installing?: Installing | undefined
  /** Images against which there is evidence here. */
  readonly condemned: readonly CondemnedImage[]
  /** The last switch that was made, so that evidence belongs to the attempt that brought it. */
  readonly tried?: { readonly digest: string; readonly attempt: number } | undefined
  /** What is not well with an image that was kept: the rollout decides what comes of it. */
  readonly ailment?: string | undefined
  /** What the machine's clock says, which may be wrong. */
  readonly wallMs: number
  readonly outcomes: OsReport['outcomes']
}

export type Installing = {
  readonly digest: string
  readonly doneBytes: number
  readonly totalBytes: number
}

export type CondemnedImage = {
  readonly imageId: string
  readonly digest?: string | undefined
  readonly message: string
}

/** Whether the running image is well, as far as it is known. */
export type Trial =
  | { readonly verdict: 'Judging'; readonly message: string }
  /** It was well for long enough. */
  | { readonly verdict: 'Healthy' }
  /** The deadline passed, and something was not well. */
  | { readonly verdict: 'Unhealthy'; readonly message: string }
