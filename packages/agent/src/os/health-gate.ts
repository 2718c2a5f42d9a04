import type { Trial } from '@skerry/planner/os-state'
import { healthHoldMs, problemLengthMax, problemsNamedMax } from './limits.ts'

/** What was measured once; each problem is a sentence. */
export type HealthFacts = {
  readonly network?: string | undefined
  /** Why there is no connection to the hub. */
  readonly hub?: string | undefined
  /** No hub was ever given to this machine, or it has not enrolled: there is none to answer. */
  readonly hasHub: boolean
  readonly loops?: string | undefined
  readonly services: readonly string[]
  readonly models: readonly string[]
  readonly commands: readonly string[]
}

/** How it was when the restart was ordered; absent: nobody knows. */
export type Before = { readonly didHubAnswer: boolean; readonly hadNetwork: boolean }

/**
 * What speaks against a new image. A hub that does not answer is forgiven only if it did not answer
 * before the restart either, or an image without a network would keep itself.
 */
export function healthProblems(facts: HealthFacts, before: Before | undefined): string[] {
  const isHubExcused = !facts.hasHub || before?.didHubAnswer === false
  const isNetworkExcused = before?.hadNetwork === false || (facts.hasHub && facts.hub === undefined)
  const problems = [
    isNetworkExcused ? undefined : facts.network,
    isHubExcused || facts.hub === undefined
      ? undefined
      : `the hub, ${before === undefined ? 'of which nobody knows whether it answered before the restart' : 'which answered before the restart'}, does not answer: ${facts.hub}`,
    facts.loops,
    ...facts.services,
    ...facts.models,
    ...facts.commands,
  ]
  return problems.filter((problem) => problem !== undefined)
}

export type TrialClock = {
  /** Milliseconds of uptime at which the trial began. */
  readonly startMs: number
  readonly nowMs: number
  readonly deadlineMs: number
  /** Since when everything has been well. */
  readonly wellSinceMs?: number | undefined
}

export type TrialRound = { readonly trial: Trial; readonly wellSinceMs?: number | undefined }

/** One round of a trial. What became well just before the deadline is given the time to prove it. */
export function judgeTrial(problems: readonly string[], clock: TrialClock): TrialRound {
  const { startMs, nowMs, deadlineMs } = clock
  if (problems.length > 0) {
    const text = problemsText(problems)
    if (nowMs - startMs < deadlineMs) return { trial: { verdict: 'Judging', message: text } }
    const message = `not healthy within ${seconds(deadlineMs)}: ${text}`
    return { trial: { verdict: 'Unhealthy', message } }
  }
  const wellSinceMs = clock.wellSinceMs ?? nowMs
  if (nowMs - wellSinceMs >= healthHoldMs) return { trial: { verdict: 'Healthy' }, wellSinceMs }
  const message = `it is well, and is kept once it has been for ${seconds(healthHoldMs)}`
  return { trial: { verdict: 'Judging', message }, wellSinceMs }
}

export function problemsText(problems: readonly string[]): string {
  const named = problems.slice(0, problemsNamedMax).map((each) => each.slice(0, problemLengthMax))
  const more = problems.length - named.length
  return named.join('; ') + (more > 0 ? `; and ${more} more` : '')
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
