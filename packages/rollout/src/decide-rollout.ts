import type { Rollout, RolloutStatus } from '@skerry/api/kinds/rollout'
import { askBack, askReached } from './ask-sites.ts'
import { type Draft, isOver, openDraft, stopOf } from './draft.ts'
import { impossibility } from './impossible.ts'
import { observeSites } from './observe-sites.ts'
import { progressWaves, successMessage } from './progress-waves.ts'
import { assignmentsOf } from './rollout-assignments.ts'
import { eventsBetween } from './rollout-events.ts'
import type { Assignment, RolloutEvent, RolloutFacts } from './rollout-facts.ts'
import { obeySiteRequests } from './site-requests.ts'
import { abort, finishRollback, pause, restart, resume, supersede } from './stop-rollout.ts'

export type RolloutDecision = {
  readonly status: RolloutStatus
  /** What sites shall get that they do not have. */
  readonly assignments: readonly Assignment[]
  readonly events: readonly RolloutEvent[]
  /** When a window opens or a back-off ends for a site that waits for it; absent: nothing is to be waited for. */
  readonly wakeMs?: number
}

/**
 * What a rollout does now. Pure: looked at again with what it answered and nothing else changed, it
 * answers the same and asks for nothing more.
 */
export function decideRollout(
  rollout: Rollout,
  facts: RolloutFacts,
  nowMs: number,
): RolloutDecision {
  const draft = openDraft(rollout, facts, nowMs)
  decide(draft)
  const status = withCounts(draft)
  return {
    status,
    assignments: assignmentsOf(draft),
    events: eventsBetween(rollout.status, status),
    ...(draft.wakeMs === undefined ? {} : { wakeMs: draft.wakeMs }),
  }
}

/** Top to bottom: who has the last word, from a newer rollout over people to the next wave. */
function decide(draft: Draft): void {
  const { status, facts, rollout } = draft
  const { action, retries } = rollout.spec.control
  if (facts.newerRollout !== undefined) {
    if (!isOver(status.phase)) supersede(draft, facts.newerRollout)
    return
  }
  if (retries > status.handledRetries) restart(draft)
  observeSites(draft)
  obeySiteRequests(draft)
  if (isOver(status.phase)) return followUp(draft)
  if (action === 'Abort' && status.phase !== 'RollingBack') abort(draft)
  if (status.phase === 'RollingBack') return goBack(draft)
  if (isOver(status.phase)) return
  if (action === 'Pause') return pauseOnRequest(draft)
  // What a person must look at stays so, whatever else becomes impossible and possible again.
  const isFree = status.phase !== 'Paused' || stopOf(draft)?.reason === 'Impossible'
  const impossible = isFree ? impossibility(draft) : undefined
  if (impossible !== undefined) return pause(draft, 'Impossible', impossible)
  if (status.phase === 'Paused') {
    if (!isResumed(draft)) return
    resume(draft)
  }
  progressWaves(draft)
  if (isRollingBack(draft)) goBack(draft)
}

/** It is over, but for the sites that come back late: forwards or back, as it ended. */
function followUp(draft: Draft): void {
  const { status } = draft
  if (status.phase === 'Succeeded') {
    askReached(draft)
    status.message = successMessage(draft)
    return
  }
  askBack(draft)
  observeSites(draft)
}

function isRollingBack({ status }: Draft): boolean {
  return status.phase === 'RollingBack'
}

function goBack(draft: Draft): void {
  askBack(draft)
  observeSites(draft)
  finishRollback(draft)
}

function pauseOnRequest(draft: Draft): void {
  if (draft.status.phase === 'Paused') return
  const { by, reason } = draft.rollout.spec.control
  pause(
    draft,
    'Requested',
    `Paused${by === undefined ? '' : ` by ${by}`}${reason === undefined ? '' : `: ${reason}`}. Sites that were already asked go on.`,
  )
}

/** Whether a person has said "go on" since it was paused. */
function isResumed(draft: Draft): boolean {
  const stop = stopOf(draft)
  if (stop === undefined || stop.reason === 'Requested' || stop.reason === 'Impossible') return true
  const { time } = draft.rollout.spec.control
  return (
    stop.reason === 'GateTimeout' && time !== undefined && Date.parse(time) > Date.parse(stop.since)
  )
}

function withCounts({ status }: Draft): RolloutStatus {
  const count = (state: string) => status.sites.filter((site) => site.state === state).length
  const total = status.sites.length
  const updated = count('Updated')
  return {
    ...status,
    total,
    updated,
    failed: count('Failed'),
    parked: count('Parked'),
    waiting: count('Waiting') + count('Updating') + count('RollingBack'),
    skipped: count('Skipped'),
    rolledBack: count('RolledBack'),
    progress: `${updated}/${total}`,
  }
}
