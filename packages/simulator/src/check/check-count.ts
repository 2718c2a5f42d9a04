import type { Rollout } from '@skerry/api/kinds/rollout'

/** What is wrong with the numbers of a rollout, or undefined. */
export function countProblem({ metadata, status }: Rollout): string | undefined {
  const { total, sites, updated = 0, failed = 0, parked = 0 } = status ?? {}
  if (total === undefined || sites === undefined) return undefined
  const { waiting, skipped = 0, rolledBack = 0 } = (status ?? {}) as Counts
  const names = new Set(sites.map(({ name }) => name))
  if (names.size !== total)
    return `${metadata.name}: total is ${total}, but ${names.size} sites are listed`
  if (waiting === undefined) return undefined
  const sum = updated + failed + parked + waiting + skipped + rolledBack
  if (sum !== total)
    return `${metadata.name}: ${updated} updated + ${failed} failed + ${parked} parked + ${waiting} waiting + ${skipped} skipped + ${rolledBack} rolled back are ${sum}, not ${total}`
  return undefined
}

type Counts = {
  readonly waiting?: number
  readonly skipped?: number
  readonly rolledBack?: number
}
