import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import { formatDuration, toMs } from './format.ts'
import type { RolloutSiteState, WaveState } from './looks.ts'

type SiteStatus = NonNullable<RolloutStatus['sites']>[number]

/** A wave as it is drawn: its sites with those that need eyes first. */
export type TrackWave = {
  readonly name: string
  readonly state: WaveState
  readonly sites: readonly SiteStatus[]
  readonly hidden: number
  readonly counts: string
  readonly soak: Soak | undefined
}

export type Soak = { readonly share: number; readonly words: string }

const siteOrder: Record<RolloutSiteState, number> = {
  Failed: 0,
  RollingBack: 1,
  Updating: 2,
  RolledBack: 3,
  Parked: 4,
  Waiting: 5,
  Skipped: 6,
  Updated: 7,
}

export function trackWaves(rollout: Rollout, shownMax: number, nowMs: number): TrackWave[] {
  const states = new Map(rollout.status?.sites?.map((site) => [site.name, site]))
  return (rollout.status?.waves ?? []).map((wave) => {
    const sites = wave.sites
      .map((name): SiteStatus => states.get(name) ?? { name, wave: wave.name, state: 'Waiting' })
      .toSorted((left, right) => siteOrder[left.state] - siteOrder[right.state])
    const done = sites.filter(({ state }) => state === 'Updated').length
    return {
      name: wave.name,
      state: wave.state,
      sites: sites.slice(0, shownMax),
      hidden: Math.max(0, sites.length - shownMax),
      counts: `${done} of ${sites.length}`,
      soak: soakOf(rollout, wave, nowMs),
    }
  })
}

type WaveStatus = NonNullable<RolloutStatus['waves']>[number]

function soakOf(rollout: Rollout, wave: WaveStatus, nowMs: number): Soak | undefined {
  const startedMs = toMs(wave.soakStartedTime)
  if (wave.state !== 'Soaking' || startedMs === undefined) return undefined
  const { policy } = rollout.spec
  const own = policy.waves?.find(({ name }) => name === wave.name)?.soakSeconds
  const soakMs = (own ?? policy.soakSeconds) * 1000
  const goneMs = Math.max(0, nowMs - startedMs)
  const leftMs = soakMs - goneMs
  return leftMs > 0
    ? { share: goneMs / soakMs, words: `soaks for ${formatDuration(leftMs)} more` }
    : { share: 1, words: 'soaked; waits for its gates' }
}
