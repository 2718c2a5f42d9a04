import type { ImageName } from './test-images.ts'
import type { Trial } from './trial.ts'

export type SecureBootChoice = 'on' | 'off'

/** One fault and what must come of it. */
export type Scenario = {
  readonly name: string
  /** As a sentence: what goes wrong, and what is seen. */
  readonly what: string
  /** Images beside the one that runs at first. */
  readonly images: readonly ImageName[]
  /** The machine runs in the end what it ran before, and nothing is left that another such scenario would notice. */
  readonly isTidy?: boolean
  /** It starts machines of its own, and wants nothing of the lane's. */
  readonly hasOwnMachine?: boolean
  /** Files beside the harness that its outcome depends on, as globs below the repository. */
  readonly sources?: readonly string[]
  /** False where signatures change nothing of what is seen: then it runs without Secure Boot alone. */
  readonly isAlsoSecure?: boolean
  /** May say what machines of its own took. */
  readonly run: (trial: Trial) => Promise<{ readonly processorSeconds: number } | void>
}
