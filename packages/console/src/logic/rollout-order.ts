import type { Rollout } from '@skerry/api/kinds/rollout'
import { toMs } from './format.ts'

export function rolloutsNewestFirst(rollouts: readonly Rollout[]): Rollout[] {
  return rollouts.toSorted(
    (left, right) =>
      (toMs(right.metadata.creationTimestamp) ?? 0) -
        (toMs(left.metadata.creationTimestamp) ?? 0) ||
      right.metadata.name.localeCompare(left.metadata.name, 'en', { numeric: true }),
  )
}
