import type { Random } from './random.ts'

export type BackoffOptions = {
  readonly firstMs: number
  readonly maxMs: number
  /** How much longer each delay is than the one before. Default 2. */
  readonly factor?: number
}

/**
 * The delay before attempt `attempt` (0 is the first retry): exponential with full jitter in its
 * upper half, so that many clients that failed together do not come back together.
 */
export function backoffMs(attempt: number, options: BackoffOptions, random: Random): number {
  const ceiling = Math.min(
    options.maxMs,
    options.firstMs * (options.factor ?? 2) ** Math.min(attempt, 64),
  )
  return ceiling / 2 + (ceiling / 2) * random.next()
}
