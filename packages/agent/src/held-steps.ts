import { type BackoffOptions, backoffMs } from '@skerry/base/backoff'
import type { Clock } from '@skerry/base/clock'
import type { Random } from '@skerry/base/random'
import type { HeldStep } from '@skerry/planner/site-state'
import { stepRetryFirstMs, stepRetryMaxMs } from './limits.ts'

/** Steps that did not succeed, each with the moment at which it may be tried again. */
export type HeldSteps = {
  get(): Record<string, HeldStep>
  hold(key: string, message: string): void
  release(key: string): void
  /** Lets go of those whose key fits, at once: what held them back is over. */
  releaseAll(isOver?: (key: string) => boolean): void
}

const backoff: BackoffOptions = { firstMs: stepRetryFirstMs, maxMs: stepRetryMaxMs }

export function createHeldSteps(clock: Clock, random: Random): HeldSteps {
  const held = new Map<string, HeldStep & { readonly attempt: number }>()
  return {
    get: () => Object.fromEntries(held),
    hold(key, message) {
      const attempt = (held.get(key)?.attempt ?? -1) + 1
      const untilMs = clock.monotonicMs() + backoffMs(attempt, backoff, random)
      held.set(key, { untilMs, message, attempt })
    },
    release: (key) => void held.delete(key),
    releaseAll(isOver = () => true) {
      for (const key of held.keys()) if (isOver(key)) held.delete(key)
    },
  }
}
