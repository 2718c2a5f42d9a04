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
  readonly run: (trial: Trial) => Promise<void>
}
