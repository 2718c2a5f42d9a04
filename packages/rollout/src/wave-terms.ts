import type { RolloutPolicy } from '@skerry/api/kinds/rollout-policy'
import type { WaveRequest } from '@skerry/api/kinds/rollout-requests'
import { type Draft, type WaveStatus, isUngated } from './draft.ts'
import { takenOverName } from './plan-waves.ts'

/** What a wave has to keep to. */
export type WaveTerms = {
  readonly soakSeconds: number
  /** How many different people must approve before it starts. */
  readonly approvals: number
  readonly maxFailedSites: number
  /** Its sites were named by selector or list: no other site can stand in for them. */
  readonly isChosen: boolean
}

/** Waves are found by their names; those that a policy does not name are the canary or of the rest. */
export function termsOf(draft: Draft, wave: WaveStatus): WaveTerms {
  const { policy } = draft
  const named = policy.waves.find(({ name }) => name === wave.name)
  const isFirst = wave.name === 'canary' || wave.name === takenOverName
  const own = named ?? (isFirst ? policy.canary : policy.rest)
  const isFree = isUngated(draft) || wave.name.startsWith('joined')
  return {
    soakSeconds: isUngated(draft) ? 0 : (own.soakSeconds ?? policy.soakSeconds),
    approvals: isFree ? 0 : (own.approvals ?? 0),
    maxFailedSites: own.maxFailedSites ?? policy.maxFailedSites,
    isChosen: isChosen(named ?? (isFirst ? policy.canary : {})),
  }
}

type Choice = Partial<Pick<RolloutPolicy['waves'][number], 'selector'>> & { sites?: unknown }

function isChosen({ selector, sites }: Choice): boolean {
  return selector !== undefined || Array.isArray(sites)
}

/** What people asked of a wave in this attempt. */
export function requestsFor(draft: Draft, wave: WaveStatus, verb: WaveRequest['verb']) {
  const { waves = [] } = draft.rollout.spec.control
  return waves.filter(
    (each) =>
      each.verb === verb && each.wave === wave.name && each.attempt === draft.status.handledRetries,
  )
}

/** Why a wave may not start yet, as a sentence; each person counts once. */
export function approvalWanted(draft: Draft, wave: WaveStatus): string | undefined {
  const { approvals } = termsOf(draft, wave)
  const people = [...new Set(requestsFor(draft, wave, 'Approve').map(({ by }) => by))]
  if (people.length >= approvals) return undefined
  if (approvals === 1) return `Wave ${wave.name} waits for approval.`
  const given = people.length === 0 ? 'nobody has' : `${people.join(', ')} has`
  return `Wave ${wave.name} waits for approval by ${approvals} different people: ${given} approved.`
}
