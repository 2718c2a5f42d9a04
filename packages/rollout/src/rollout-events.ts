import type { RolloutStatus } from '@skerry/api/kinds/rollout'
import type { RolloutPhase } from './draft.ts'
import type { RolloutEvent } from './rollout-facts.ts'

const warnings: readonly RolloutPhase[] = ['RollingBack', 'Failed', 'Aborted', 'RolledBack']

/** What is worth telling about the step from one status to the next. */
export function eventsBetween(
  before: RolloutStatus | undefined,
  after: RolloutStatus,
): RolloutEvent[] {
  return [...waveEvents(before, after), ...siteEvents(before, after), ...phaseEvents(before, after)]
}

function waveEvents(before: RolloutStatus | undefined, after: RolloutStatus): RolloutEvent[] {
  return (after.waves ?? []).flatMap((wave): RolloutEvent[] => {
    const old = before?.waves?.find((each) => each.name === wave.name)
    if (old?.state === wave.state) return []
    const names = wave.sites.slice(0, 5).join(', ') + (wave.sites.length > 5 ? ', …' : '')
    const wasStarted = old?.state === 'Updating' || old?.state === 'Soaking'
    if (wave.state === 'Updating' || (wave.state === 'Soaking' && !wasStarted))
      return [{ type: 'Normal', reason: 'WaveStarted', message: `Wave ${wave.name}: ${names}` }]
    if (wave.state === 'Passed')
      return [{ type: 'Normal', reason: 'WavePassed', message: `Wave ${wave.name} passed` }]
    return []
  })
}

/** A bad day must not flood the log: the first few sites are named. */
const siteEventsMax = 10

function siteEvents(before: RolloutStatus | undefined, after: RolloutStatus): RolloutEvent[] {
  const old = new Map((before?.sites ?? []).map((site) => [site.name, site.state]))
  return (after.sites ?? [])
    .filter((site) => site.state === 'Failed' && old.get(site.name) !== 'Failed')
    .slice(0, siteEventsMax)
    .map((site) => ({
      type: 'Warning',
      reason: 'SiteFailed',
      message: `Site ${site.name}: ${site.message ?? 'failed'}`,
    }))
}

function phaseEvents(before: RolloutStatus | undefined, after: RolloutStatus): RolloutEvent[] {
  const { phase, message = '' } = after
  if (phase === undefined || phase === before?.phase) return []
  if (phase === 'Progressing' && before?.phase === undefined)
    return [{ type: 'Normal', reason: 'RolloutStarted', message }]
  const isWarning = warnings.includes(phase) || phase === 'Paused'
  return [{ type: isWarning ? 'Warning' : 'Normal', reason: phase, message }]
}
