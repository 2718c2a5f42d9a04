import type { GateResult, Rollout } from '@skerry/api/kinds/rollout'
import type { Gate, RolloutPolicy } from '@skerry/api/kinds/rollout-policy'
import { formatClock, formatMilliseconds, formatShare, plural, toMs } from './format.ts'
import { type RolloutPhase, type Tone, phaseLooks } from './looks.ts'
import { sentence } from './presence.ts'

/** What a rollout does, or why it stopped, in large plain words. */
export type RolloutStory = {
  readonly tone: Tone
  readonly headline: string
  readonly sentences: readonly string[]
}

export function rolloutStory(rollout: Rollout, nowMs: number): RolloutStory {
  const phase = phaseOf(rollout)
  const status = rollout.status
  const told = localTimes(status?.message ?? '', nowMs)
  const message = told === '' ? [] : [sentence(told)]
  const gates = hasStopped(phase)
    ? failedGates(rollout)
        .map((gate) => sentence(gate.message))
        .filter((line) => !told.includes(line.slice(0, -1)))
    : []
  const parked = status?.parked ?? 0
  const waiting =
    parked === 0
      ? []
      : [
          `${plural(parked, 'site')} ${parked === 1 ? 'is' : 'are'} offline and parked: not failed, and caught up on return.`,
        ]
  return {
    tone: phaseLooks[phase].tone,
    headline: headlineOf(rollout, phase),
    sentences: [...message, ...gates, ...askedBy(rollout, nowMs), ...waiting],
  }
}

const isoTime = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z\b/g

/** The hub writes times for programs; people read clocks. */
export function localTimes(text: string, nowMs: number, timeZone?: string): string {
  return text.replace(isoTime, (time) => {
    const ms = toMs(time)
    return ms === undefined ? time : formatClock(ms, nowMs, timeZone)
  })
}

export function phaseOf(rollout: Rollout): RolloutPhase {
  return rollout.status?.phase ?? 'Pending'
}

function hasStopped(phase: RolloutPhase): boolean {
  return ['Paused', 'RollingBack', 'RolledBack', 'Failed'].includes(phase)
}

export function failedGates(rollout: Rollout): GateResult[] {
  return (rollout.status?.gates ?? []).filter(({ verdict }) => verdict === 'Fail')
}

const metricWords = {
  ErrorRate: 'error rate',
  LatencyP99: 'p99 latency',
  Accuracy: 'accuracy',
  BootHealth: 'boot health',
} as const satisfies Record<GateResult['metric'], string>

const metricLabels = {
  ErrorRate: 'Error rate',
  LatencyP99: 'Latency p99',
  Accuracy: 'Accuracy',
  BootHealth: 'Boot health',
} as const satisfies Record<GateResult['metric'], string>

function headlineOf(rollout: Rollout, phase: RolloutPhase): string {
  const status = rollout.status
  const failed = failedGates(rollout)[0]
  const cause =
    failed === undefined ? '' : `: ${metricWords[failed.metric]} did not hold in ${failed.wave}`
  const wave = status?.wave === undefined ? '' : `: ${status.wave}`
  switch (phase) {
    case 'Pending':
      return 'Waiting to start'
    case 'Progressing':
      return `On its way${wave}`
    case 'Paused':
      return failed === undefined ? `Paused${wave}` : `Paused${cause}`
    case 'RollingBack':
      return `Rolling back${cause}`
    case 'RolledBack':
      return `Rolled back${cause}`
    case 'Failed':
      return `Failed${cause}`
    case 'Aborted':
      return 'Aborted'
    case 'Superseded':
      return 'Replaced by a newer rollout'
    case 'Succeeded':
      return (status?.parked ?? 0) > 0 ? 'Done at every site that is online' : 'Done at every site'
  }
}

function askedBy(rollout: Rollout, nowMs: number): string[] {
  const { action, by, reason, time, retries } = rollout.spec.control
  if (by === undefined && reason === undefined) return []
  // The hub has said so itself where it stopped because somebody asked.
  if (reason !== undefined && rollout.status?.message?.includes(reason) === true) return []
  const verb =
    action === 'Pause' ? 'pause' : action === 'Abort' ? 'abort' : retries > 0 ? 'retry' : 'go on'
  const timeMs = toMs(time)
  const when = timeMs === undefined ? '' : ` at ${formatClock(timeMs, nowMs)}`
  const why = reason === undefined ? '.' : `: “${reason}”`
  return [`${by ?? 'Somebody'} asked it to ${verb}${when}${why}`]
}

export function metricLabel(metric: GateResult['metric']): string {
  return metricLabels[metric]
}

/** A measured value in the unit of its metric. */
export function formatMeasured(metric: GateResult['metric'], value: number | undefined): string {
  if (metric === 'LatencyP99') return formatMilliseconds(value)
  if (metric === 'BootHealth') return value === undefined ? '–' : siteCount(value)
  return formatShare(value, metric === 'ErrorRate' ? 2 : 1)
}

/** A gate's limit as people say it. */
export function formatLimit(metric: GateResult['metric'], limit: number): string {
  const points = `${Number((limit * 100).toFixed(2))} ${limit === 0.01 ? 'point' : 'points'}`
  switch (metric) {
    case 'LatencyP99':
      return `at most ${formatMilliseconds(limit)}`
    case 'ErrorRate':
      return `at most ${points} higher`
    case 'Accuracy':
      return `at most ${points} lower`
    case 'BootHealth':
      return `at most ${siteCount(limit)}`
  }
}

export function gateLimit(gate: Gate): number {
  return gate.maxIncrease ?? gate.maxDrop ?? gate.maxMilliseconds ?? gate.maxSites ?? 0
}

function siteCount(sites: number): string {
  return `${sites} unhealthy ${sites === 1 ? 'site' : 'sites'}`
}

/** What happens when a wave fails, as a sentence. */
export const reactionWords = {
  Pause: 'it pauses and waits for a person',
  RollBackWave: 'the wave goes back and the rollout stops',
  RollBackAll: 'every site that has changed goes back',
} as const satisfies Record<RolloutPolicy['onFailure'], string>
