/** Something that must never be, and was. */
export type Violation = {
  readonly atMs: number
  /** Which rule. */
  readonly rule: Rule
  readonly message: string
}

export type Rule =
  /** A field of a status has one writer. */
  | 'one-writer'
  /** A status claims nothing that the machine does not do, beyond a stated lag. */
  | 'true-status'
  /** Parked, failed, done, waiting and left out make all. */
  | 'whole-count'
  /** Every rollout ends. */
  | 'rollouts-end'
  /** Everybody comes to rest at what was asked for. */
  | 'comes-to-rest'
  /** No task breaks, no state file is torn. */
  | 'no-error'
