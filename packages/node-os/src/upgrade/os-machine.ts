import type { Envelope, TrustedKey } from '@skerry/api/envelope'
import type { OsImageDescription } from '@skerry/api/os/os-image-description'
import type { OsOutcome, OsReport } from '@skerry/api/os/os-report'

/** A machine whose operating system is an image: what it is, and the few things that change it. */
export type OsMachine = {
  /** What is known now; read anew after each act. */
  observe(): OsState
  /**
   * Brings an image into a slot that is neither running nor the last that was blessed, and its kernel onto
   * the ESP under a name that the loader does not see. Goes on where it was cut off. Switches nothing.
   */
  install(request: InstallRequest, signal: AbortSignal): Promise<OsActResult>
  /**
   * Makes this image the next to start, counted: the one atomic act, after the intent is on disk. For one
   * that the loader would sort below the running one, the running one's entry is exhausted last. For the
   * running one itself: another that was to start next is not any more.
   */
  switchTo(imageId: string, intent: SwitchIntent): Promise<OsActResult>
  /** The running image is good: its entry loses its counter. */
  bless(): Promise<OsActResult>
  /**
   * The running image is not: the verdict is on disk and its tries are used up before the machine restarts.
   * Refused where no other image could start.
   */
  condemn(message: string): Promise<OsActResult>
  restart(): Promise<OsActResult>
  /** The running image came to health in this boot: what the initrd counted against it is forgotten. */
  settle(): Promise<OsActResult>
  /**
   * Reads the slots of images that had been good and did not start any more, and says what became of them. Where
   * it is the running image whose slot decayed, the machine restarts into another.
   */
  examine(signal: AbortSignal): Promise<OsActResult>
}

export type OsActResult =
  | { readonly ok: true }
  | { readonly ok: false; readonly reason: OsRefusal; readonly message: string }

/** Reasons that speak against the image: the same bytes are refused again. */
export const refusalsOfTheImage = ['Signature', 'Digest', 'Size', 'Architecture'] as const

/** Why nothing was changed. */
export type OsRefusal =
  | (typeof refusalsOfTheImage)[number]
  | 'Space'
  | 'Disk'
  | 'Source'
  | 'Busy'
  | 'Stopped'

export type InstallRequest = {
  /** Digest of the OCI manifest, as the site spec names it. */
  readonly digest: string
  readonly envelope: Envelope
  readonly trustedKeys: readonly TrustedKey[]
  readonly source: ImageSource
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

/** Where the bytes come from: the hub's registry, or a directory. Rejects when it cannot. */
export type ImageSource = {
  readonly name: string
  open(digest: string, offset: number): AsyncIterable<Uint8Array>
}

export type SwitchIntent = {
  readonly digest: string
  readonly attempt: number
  /** Whether the hub answered just before: an image after which it does not is only then to blame. */
  readonly didHubAnswer: boolean
  readonly hadNetwork: boolean
}

export type OsState = {
  readonly report: Omit<OsReport, 'phase' | 'message' | 'progressPercent'>
  /** The running image is counted: it must be blessed or condemned. */
  readonly isOnTrial: boolean
  /** What was intended when the running image was made the next to start. */
  readonly intent?: (SwitchIntent & { readonly imageId: string }) | undefined
  /** Installed in full and not running, by image id. */
  readonly staged: readonly { readonly imageId: string; readonly digest?: string | undefined }[]
  /** Made the next to start; only the restart is missing. */
  readonly switched?: string | undefined
  /** Images against which there is evidence here, or that lost their second round. */
  readonly condemned: readonly OsOutcome[]
  /** The last image that was made the next to start, so that evidence belongs to its attempt. */
  readonly tried?: { readonly imageId: string; readonly digest: string; readonly attempt: number }
  readonly known: readonly OsImageDescription[]
}
