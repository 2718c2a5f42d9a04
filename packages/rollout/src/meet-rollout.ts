import type { Rollout } from '@skerry/api/kinds/rollout'
import type { RolloutPolicy } from '@skerry/api/kinds/rollout-policy'
import { isOver } from './draft.ts'

/**
 * Whether a newer revision has to wait for the rollout under way. Those that come while one waits are
 * never begun: the newest of them is. Supersede and Merge begin at once; what Merge begins with is for
 * `plan-waves.ts` to say.
 */
export function mustQueue(
  rule: RolloutPolicy['onNewRevision'] | undefined,
  underWay: Rollout | undefined,
): boolean {
  if (rule !== 'Queue' || underWay === undefined) return false
  return underWay.metadata.deletionTimestamp === undefined && !isOver(underWay.status?.phase)
}
