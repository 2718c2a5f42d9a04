import type { Condition } from '@skerry/api/object'
import type { Rollout } from '@skerry/api/kinds/rollout'
import { isOver } from '@skerry/rollout/draft'

type SaidCondition = Omit<Condition, 'lastTransitionTime'>
type Standing = {
  readonly state: 'Ready' | 'Reconciling' | 'Stalled'
  readonly reason: string
  readonly message: string
}

export type FleetFacts = {
  readonly generation: number | undefined
  /** The newest revision of its profile, or why there is none. */
  readonly head: string | undefined
  readonly missing: string
  readonly conflicts: readonly string[]
  /** Its newest rollout, and the revision that passed. */
  readonly rollout: Rollout | undefined
  readonly currentRevision: string | undefined
}

/**
 * Pure: how a fleet stands, as kstatus reads it (Flux, `helm --wait`, Argo CD): `Ready` once the newest
 * revision is through, `Reconciling` while it is under way, `Stalled` when only a person gets it on.
 */
export function fleetConditions(facts: FleetFacts): SaidCondition[] {
  const { generation, conflicts } = facts
  const observed = generation === undefined ? {} : { observedGeneration: generation }
  const { state, reason, message } = standingOf(facts)
  const types = ['Ready', 'Reconciling', 'Stalled'] as const
  return [
    ...types.map((type) => ({
      type,
      status: type === state ? ('True' as const) : ('False' as const),
      reason,
      message,
      ...observed,
    })),
    {
      type: 'OwnerConflict',
      status: conflicts.length > 0 ? 'True' : 'False',
      reason: conflicts.length > 0 ? 'SameLayer' : 'NoConflict',
      message: conflicts[0] ?? 'No other fleet claims its layers.',
      ...observed,
    },
  ]
}

function standingOf(facts: FleetFacts): Standing {
  const { head, missing, conflicts, rollout, currentRevision } = facts
  if (conflicts.length > 0)
    return { state: 'Stalled', reason: 'OwnerConflict', message: conflicts[0]! }
  if (head === undefined) return { state: 'Reconciling', reason: 'NoRevision', message: missing }
  if (rollout?.spec.revision === head) return standingOfRollout(rollout, head)
  if (rollout !== undefined && !isOver(rollout.status?.phase))
    return {
      state: 'Reconciling',
      reason: 'Queued',
      message: `${head} waits until rollout ${rollout.metadata.name} is over.`,
    }
  return currentRevision === head
    ? { state: 'Ready', reason: 'Ready', message: `It brings ${head}.` }
    : { state: 'Reconciling', reason: 'Pending', message: `A rollout of ${head} is to be made.` }
}

function standingOfRollout({ metadata, status }: Rollout, head: string): Standing {
  const message = `Rollout ${metadata.name}: ${status?.message ?? 'it has not begun.'}`
  const phase = status?.phase ?? 'Pending'
  switch (phase) {
    case 'Succeeded':
      return { state: 'Ready', reason: 'Ready', message: `It brings ${head}.` }
    case 'Pending':
    case 'Progressing':
    case 'RollingBack':
    case 'Superseded':
      return { state: 'Reconciling', reason: `Rollout${phase}`, message }
    case 'Paused':
    case 'Failed':
    case 'RolledBack':
    case 'Aborted':
      return { state: 'Stalled', reason: `Rollout${phase}`, message }
  }
}
