import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import { type SiteFacts, byFitness, compareNames } from './rollout-facts.ts'

type WaveStatus = NonNullable<RolloutStatus['waves']>[number]

/**
 * Which sites change together. The canary is taken from the sites that are online and healthy; the
 * waves of the policy follow by name; the last takes all that are left. The first rollout of a fleet
 * goes to all at once, as nothing runs there yet that could be hurt; so does a return to what passed.
 */
export function planWaves(spec: Rollout['spec'], sites: readonly SiteFacts[]): WaveStatus[] {
  const { policy } = spec
  const total = sites.length
  if (total === 0) return []
  if (spec.previousRevision === undefined || spec.previousRevision === spec.revision)
    return [waveOf('all', sites.map(({ name }) => name).toSorted(compareNames))]
  const canary = sites.toSorted(byFitness).slice(0, policy.canary.sites)
  const isCanary = new Set(canary.map(({ name }) => name))
  let left = sites
    .map(({ name }) => name)
    .filter((name) => !isCanary.has(name))
    .toSorted(compareNames)
  const waves = canary.length === 0 ? [] : [waveOf('canary', [...isCanary].toSorted(compareNames))]
  for (const { name, count, percent } of policy.waves) {
    const size = count ?? Math.ceil((total * (percent ?? 100)) / 100)
    if (left.length === 0) break
    waves.push(waveOf(unused(waves, name), left.slice(0, size)))
    left = left.slice(size)
  }
  if (left.length > 0) waves.push(waveOf(unused(waves, 'rest'), left))
  return waves
}

function waveOf(name: string, sites: string[]): WaveStatus {
  return { name, sites, state: 'Waiting' }
}

/** A policy may itself call a wave "canary" or "rest". */
function unused(waves: readonly WaveStatus[], wish: string): string {
  return waves.some(({ name }) => name === wish) ? unused(waves, `${wish}-2`) : wish
}
