/** What the shell is told, so that scripts can react. Listed in `skerry --help`. */
export const exitCodes = {
  ok: 0,
  /** The hub or the machine refused: the sentence says why. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The hub does not answer. */
  unreachable: 3,
  /** What was asked about ended badly: a rollout that failed, a site that is not healthy. */
  unhealthy: 4,
} as const

/** An end of the command with a sentence for people and a code for scripts. */
export class CommandError extends Error {
  readonly exitCode: number

  constructor(message: string, exitCode: number = exitCodes.failed) {
    super(message)
    this.name = 'CommandError'
    this.exitCode = exitCode
  }
}
