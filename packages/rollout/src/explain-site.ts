import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import { decideRollout } from './decide-rollout.ts'
import { type RolloutSite, type WaveStatus, isOver } from './draft.ts'
import type { RolloutFacts } from './rollout-facts.ts'

/** Why a site is where it is and what it waits for, in one sentence, as things are at this moment. */
export function explainSite(
  rollout: Rollout,
  site: string,
  facts: RolloutFacts,
  nowMs: number,
): string {
  const { status } = decideRollout(rollout, facts, nowMs)
  return explainFromStatus({ ...rollout, status }, site)
}

/** The same from what the rollout knew when it was last looked at: while it is under way, every two seconds. */
export function explainFromStatus(rollout: Rollout, name: string): string {
  const { metadata, spec, status = {} } = rollout
  const site = status.sites?.find((each) => each.name === name)
  if (site === undefined)
    return `Site ${name} has nothing to do with rollout ${metadata.name}: fleet ${spec.fleet} does not select it, or did not while it was under way.`
  const said = `Site ${name} ${words(rollout, status, site)}`
  return said.endsWith('.') ? said : `${said}.`
}

function words({ metadata, spec }: Rollout, status: RolloutStatus, site: RolloutSite): string {
  const { message = '' } = site
  switch (site.state) {
    case 'Waiting':
      return site.hold === undefined ? waitsFor(metadata.name, status, site) : message
    case 'Updating':
      return `changes to ${spec.revision} since ${site.changedTime ?? 'now'}: ${message}`
    case 'Updated':
      return `runs ${spec.revision} since ${site.changedTime ?? 'now'}`
    case 'Failed':
      return `has failed: ${message}`
    case 'Parked':
      return site.hold === undefined ? `is parked: it ${message}` : `is parked and ${message}`
    case 'RollingBack':
      return site.hold === undefined
        ? `goes back since ${site.changedTime ?? 'now'}: ${message}`
        : `has to go back and ${message}`
    case 'RolledBack':
      return `went back: it ${message}`
    case 'Skipped':
      return isOver(status.phase) && message === 'was not reached'
        ? `was not reached before rollout ${metadata.name} ended: ${status.message ?? ''}`
        : message
  }
}

/** Its turn has not come: because of what stands before it. */
function waitsFor(rollout: string, status: RolloutStatus, site: RolloutSite): string {
  const { phase, message = '', waves = [] } = status
  if (phase === 'Paused') return `waits, as rollout ${rollout} is paused: ${message}`
  const own = waves.find(({ name }) => name === site.wave)
  const open = waves.find(({ state }) => state !== 'Passed')
  if (own === undefined || open === undefined) return `waits for rollout ${rollout} to begin`
  if (own.name === open.name) return `waits with wave ${own.name}: ${message}`
  const between = waves.indexOf(own) - waves.indexOf(open)
  return `is in wave ${own.name}, ${stepsWords(between, open)}: ${message}`
}

function stepsWords(count: number, open: WaveStatus): string {
  return count === 1
    ? `which is next after ${open.name}`
    : `which comes ${count} waves after ${open.name}`
}
