import { toTimestamp } from '@skerry/base/clock'
import type { Condition } from './object.ts'

/**
 * The conditions with one of them set. `lastTransitionTime` moves only when `status` does, so that
 * saying the same thing again is no change.
 */
export function setCondition(
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  nowMs: number,
): Condition[] {
  const before = conditions?.find((condition) => condition.type === next.type)
  const lastTransitionTime =
    before?.status === next.status ? before.lastTransitionTime : toTimestamp(nowMs)
  const others = (conditions ?? []).filter((condition) => condition.type !== next.type)
  const merged = { ...next, lastTransitionTime }
  return before === undefined
    ? [...others, merged]
    : conditions!.map((condition) => (condition.type === next.type ? merged : condition))
}
