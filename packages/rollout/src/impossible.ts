import { labelSelectorOf, matchesLabels } from '@skerry/api/selector'
import { BudgetLedger } from './budget-ledger.ts'
import { type Draft, isUngated } from './draft.ts'

/** Why this rollout could never go on as things are, said at once and not after a night. */
export function impossibility(draft: Draft): string | undefined {
  const { facts, rollout, status } = draft
  if (facts.isRevisionGone === true)
    return `ProfileRevision ${rollout.spec.revision} does not exist any more: sites keep what they have. Abort, or bring its profile back.`
  if (status.sites.every(({ state }) => state === 'Updated')) return undefined
  return canaryMissing(draft) ?? new BudgetLedger(draft).impossible()
}

function canaryMissing(draft: Draft): string | undefined {
  const { canary } = draft.policy
  if (canary.selector === undefined || canary.sites === 0 || isUngated(draft)) return undefined
  const hasBegun = draft.status.waves.some(({ state }) => state !== 'Waiting')
  const selector = labelSelectorOf(canary.selector as never)
  if (hasBegun || draft.facts.sites.length === 0) return undefined
  return draft.facts.sites.some(({ labels }) => matchesLabels(selector, labels))
    ? undefined
    : 'The selector of the canary selects no site of the fleet: label one, or change the policy.'
}
