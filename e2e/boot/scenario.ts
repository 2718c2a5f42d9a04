import type { Trial } from './trial.ts'

export type SecureBootChoice = 'on' | 'off'

/** One fault and what must come of it. */
export type Scenario = {
  readonly name: string
  /** As a sentence: what goes wrong, and what is seen. */
  readonly what: string
  /** Where the answer depends on it; default both. */
  readonly secureBoot?: readonly SecureBootChoice[]
  readonly run: (trial: Trial) => Promise<void>
}
