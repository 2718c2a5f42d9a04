import type { GateResult } from '@skerry/api/kinds/rollout'
import type { Gate } from '@skerry/api/kinds/rollout-policy'
import { type Draft, type WaveStatus, factsOf, sitesOf } from './draft.ts'
import { formatCount } from './gate-words.ts'
import { type SiteFacts, isOnline } from './rollout-facts.ts'

/**
 * Whether the machines of a wave are well on their new operating system. An image that does not even
 * start is given up by the machine itself and fails its site; this gate is for one that is well at first
 * and then is not: it says so, or restarts by itself. No chance is in this: one such machine is a fact.
 */
export function judgeBootHealth(gate: Gate, draft: Draft, wave: WaveStatus): GateResult[] {
  const { changedOs } = draft.facts
  if (changedOs === undefined) return []
  const limit = gate.maxSites ?? 0
  const updated = sitesOf(draft, wave)
    .filter((site) => site.state === 'Updated')
    .map((site) => factsOf(draft, site.name))
  const heard = updated.filter(isOnline)
  const sick = updated.flatMap((facts) => {
    const what = complaint(facts, changedOs.layer)
    return what === undefined ? [] : [`${facts.name} ${what}`]
  })
  const name = `OS image ${changedOs.version}`
  const result = {
    wave: wave.name,
    metric: gate.metric,
    model: changedOs.layer,
    observed: sick.length,
    limit,
    samples: heard.length,
    baselineSamples: 0,
  }
  if (sick.length > limit)
    return [{ ...result, verdict: 'Fail', message: `${name} is not well: ${sick.join('; ')}` }]
  if (heard.length === 0)
    return [
      { ...result, verdict: 'NotEnoughData', message: `${name} runs at no site that answers` },
    ]
  const message = `${name} is well at ${formatCount(heard.length)} of ${formatCount(updated.length)} sites that run it`
  return [{ ...result, verdict: 'Pass', message }]
}

function complaint(facts: SiteFacts, layer: string): string | undefined {
  const { restarts = 0, state, message } = facts.layers.find(({ name }) => name === layer) ?? {}
  if (restarts > 0)
    return restarts === 1 ? 'restarted by itself' : `restarted by itself ${restarts} times`
  if (!isOnline(facts)) return undefined
  // The site as a whole is only Degraded by it: the machine serves on.
  if (state === 'Running' && message !== undefined) return `says: ${message}`
  if (facts.health !== 'Failed') return undefined
  return facts.healthMessage === undefined ? 'is Failed' : `is Failed (${facts.healthMessage})`
}
