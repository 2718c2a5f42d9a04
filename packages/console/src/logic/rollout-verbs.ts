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
  Failed: ['retry', 'abort'],
  Aborted: ['retry'],
  Superseded: [],
} as const satisfies Record<RolloutPhase, readonly RolloutVerb[]>

export function isVerbAllowed(verb: RolloutVerb, phase: RolloutPhase): boolean {
  const allowed: readonly RolloutVerb[] = verbsOfPhase[phase]
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
      'No further site changes until somebody resumes it. Sites that have changed already stay as they are.',
    done: 'Asked the hub to pause.',
  },
  resume: {
    label: 'Resume',
    title: 'Resume this rollout',
    consequence: 'It goes on with the wave where it stopped, and its gates count again.',
    done: 'Asked the hub to resume.',
  },
  abort: {
    label: 'Abort',
    title: 'Abort this rollout',
    consequence: 'It ends, and sites that have changed go back to what they ran before.',
    done: 'Asked the hub to abort.',
  },
  retry: {
    label: 'Retry',
    title: 'Retry this rollout',
    consequence:
      'It is tried again from the start of the wave that failed, also at sites where this content has failed before.',
    done: 'Asked the hub to retry.',
  },
}
