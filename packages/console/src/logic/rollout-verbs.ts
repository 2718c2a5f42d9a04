import type { Rollout } from '@skerry/api/kinds/rollout'
import type { RolloutPhase } from './looks.ts'

export const rolloutVerbs = ['pause', 'resume', 'abort', 'retry'] as const
export type RolloutVerb = (typeof rolloutVerbs)[number]

/**
 * Which verbs make sense in which phase. The hub decides; this only says which buttons are alive, so
 * a verb that it refuses shows the hub's own sentence.
 */
const verbsOfPhase = {
  Pending: ['pause', 'abort'],
  Progressing: ['pause', 'abort'],
  Paused: ['resume', 'abort', 'retry'],
  RollingBack: [],
  Succeeded: [],
  RolledBack: ['retry'],
  Failed: ['retry'],
  Aborted: ['retry'],
  Superseded: [],
} as const satisfies Record<RolloutPhase, readonly RolloutVerb[]>

/** Why it is paused, if somebody can let it go on: what its gates stopped can only be retried. */
const resumableReasons: readonly string[] = ['Requested', 'GateTimeout']

export function isVerbAllowed(verb: RolloutVerb, status: Rollout['status']): boolean {
  const allowed: readonly RolloutVerb[] = verbsOfPhase[status?.phase ?? 'Pending']
  if (verb === 'retry' && status?.phase === 'Succeeded') return (status.failed ?? 0) > 0
  if (verb === 'resume') {
    const stopped = status?.conditions?.find(({ type }) => type === 'Stopped')
    if (stopped?.status === 'True' && !resumableReasons.includes(stopped.reason)) return false
  }
  return allowed.includes(verb)
}

export type VerbWords = {
  readonly label: string
  readonly title: string
  readonly consequence: string
  readonly done: string
}

export const verbWords: Record<RolloutVerb, VerbWords> = {
  pause: {
    label: 'Pause',
    title: 'Pause this rollout',
    consequence:
      'No further site is asked to change until somebody resumes it. Sites that were already asked go on.',
    done: 'Asked the hub to pause.',
  },
  resume: {
    label: 'Resume',
    title: 'Resume this rollout',
    consequence: 'It goes on with the wave where it stopped; soak and time limits begin anew.',
    done: 'Asked the hub to resume.',
  },
  abort: {
    label: 'Abort',
    title: 'Abort this rollout',
    consequence:
      'It ends. Sites that have changed go back to what they ran before; if nothing ran before, they keep what they have.',
    done: 'Asked the hub to abort.',
  },
  retry: {
    label: 'Retry',
    title: 'Retry this rollout',
    consequence:
      'It is tried again from the first wave that has not passed, with fresh measurements, also at sites where this content has failed before.',
    done: 'Asked the hub to retry.',
  },
}
