import type { Clock } from '@skerry/base/clock'
import { flowKeysMax } from './limits.ts'

/** How much may come from each of many senders: so much at once, and so much in each second. */
export type FlowBudget = {
  /** Takes an amount if it is there; false, and nothing taken, if it is not. */
  take(key: string, amount: number): boolean
}

export type FlowLimit = { readonly atOnceMax: number; readonly perSecondMax: number }

export function createFlowBudget(
  clock: Pick<Clock, 'monotonicMs'>,
  { atOnceMax, perSecondMax }: FlowLimit,
): FlowBudget {
  const used = new Map<string, { amount: number; atMs: number }>()
  const usedBy = (key: string, nowMs: number): number => {
    const before = used.get(key)
    if (before === undefined) return 0
    return Math.max(0, before.amount - ((nowMs - before.atMs) / 1000) * perSecondMax)
  }
  return {
    take(key, amount) {
      const nowMs = clock.monotonicMs()
      const sum = usedBy(key, nowMs) + amount
      if (sum > atOnceMax) return false
      // Whoever sent last stands last, so that what is forgotten first has been quiet for longest.
      used.delete(key)
      used.set(key, { amount: sum, atMs: nowMs })
      if (used.size > flowKeysMax) used.delete(used.keys().next().value!)
      return true
    },
  }
}
