import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import type { RolloutPolicy } from '@skerry/api/kinds/rollout-policy'
import { type LabelSelectorSpec, labelSelectorOf, matchesLabels } from '@skerry/api/selector'
import { type SiteFacts, byFitness, compareNames } from './rollout-facts.ts'

type WaveStatus = NonNullable<RolloutStatus['waves']>[number]
type Wave = RolloutPolicy['waves'][number]

/** The first wave of a rollout that took over from another one. */
export const takenOverName = 'taken-over'

/**
 * Which sites change together. The canary is taken from the sites that are online and healthy; the
 * waves of the policy follow by name; the last takes all that are left. A site goes with the first wave
 * that takes it, and a wave that takes nobody is left out. The first rollout of a fleet goes to all at
 * once, as nothing runs there yet that could be hurt; so does a return to what passed.
 */
export function planWaves(spec: Rollout['spec'], sites: readonly SiteFacts[]): WaveStatus[] {
  const { policy } = spec
  const total = sites.length
  if (total === 0) return []
  if (spec.previousRevision === undefined || spec.previousRevision === spec.revision)
    return [waveOf('all', namesOf(sites))]
  const first = firstWave(spec, sites)
  const waves = first === undefined ? [] : [first]
  const gone = new Set(first?.sites)
  let left = sites
    .filter(({ name }) => !gone.has(name))
    .toSorted((one, other) => compareNames(one.name, other.name))
  for (const wave of policy.waves) {
    const taken = takenBy(wave, left, total)
    if (taken.length === 0) continue
    waves.push(waveOf(unused(waves, wave.name), namesOf(taken)))
    const names = new Set(taken)
    left = left.filter((site) => !names.has(site))
  }
  if (left.length > 0) waves.push(waveOf(unused(waves, 'rest'), namesOf(left)))
  return waves
}

/** The canary; where one rollout takes over from another, the sites that the other has changed. */
function firstWave(spec: Rollout['spec'], sites: readonly SiteFacts[]): WaveStatus | undefined {
  const { canary, onNewRevision } = spec.policy
  const changed = sites.filter(
    ({ assigned }) => assigned !== undefined && assigned.profileRevision !== spec.previousRevision,
  )
  if (onNewRevision === 'Merge' && changed.length > 0)
    return waveOf(takenOverName, namesOf(changed))
  const fit = sites
    .filter((site) => canary.selector === undefined || isSelected(canary.selector, site))
    .toSorted(byFitness)
    .slice(0, canary.sites)
  return fit.length === 0 ? undefined : waveOf('canary', namesOf(fit))
}

function takenBy(wave: Wave, left: readonly SiteFacts[], total: number): readonly SiteFacts[] {
  const { count, percent, selector, sites } = wave
  if (sites !== undefined) {
    const named = new Set(sites)
    return left.filter(({ name }) => named.has(name))
  }
  if (selector !== undefined) return left.filter((site) => isSelected(selector, site))
  return left.slice(0, count ?? Math.ceil((total * (percent ?? 100)) / 100))
}

function isSelected(selector: NonNullable<Wave['selector']>, { labels }: SiteFacts): boolean {
  return matchesLabels(labelSelectorOf(selector as LabelSelectorSpec), labels)
}

function namesOf(sites: readonly SiteFacts[]): string[] {
  return sites.map(({ name }) => name).toSorted(compareNames)
}

function waveOf(name: string, sites: string[]): WaveStatus {
  return { name, sites, state: 'Waiting' }
}

/** A policy may itself call a wave "canary" or "rest". */
function unused(waves: readonly WaveStatus[], wish: string): string {
  return waves.some(({ name }) => name === wish) ? unused(waves, `${wish}-2`) : wish
}
