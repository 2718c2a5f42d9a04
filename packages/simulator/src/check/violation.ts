export const rules = [
  /** A field of a status has one writer. */
  'one-writer',
  /** A status claims nothing that the machine does not do, beyond a stated lag. */
  'true-status',
  /** Updated, failed, parked, waiting, skipped and rolled back make all. */
  'whole-count',
  /** Every rollout ends. */
  'rollouts-end',
  /** Everybody comes to rest at what was asked for. */
  'comes-to-rest',
  /** No task breaks, no state file is torn, nobody reaches past the doors of the world. */
  'no-error',
] as const
export type Rule = (typeof rules)[number]

/** Something that must never be, and was. */
export type Violation = {
  readonly atMs: number
  readonly rule: Rule
  readonly message: string
}
