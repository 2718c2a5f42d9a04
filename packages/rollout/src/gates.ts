import type { GateResult } from '@skerry/api/kinds/rollout'
import type { Gate } from '@skerry/api/kinds/rollout-policy'
import { countAbove, quantile, sketchCount } from '@skerry/api/sketch'
import type { GateAlpha } from './alpha.ts'
import { type Evidence, differenceEvidence, limitEvidence } from './evidence.ts'
import { formatCount, formatMs, formatPoints, formatShare } from './gate-words.ts'
import type { Measurement, Numbers } from './measurement.ts'
import { type Share, shareOf } from './share.ts'

/** A 99th percentile is above its limit when more than this share of the values is. */
const slowShareMax = 0.01

type Finding = {
  /** That the new version is worse; absent when it cannot be said at all. */
  readonly worse?: Evidence | undefined
  /** That it is within the tolerance; absent when enough samples are all that is asked. */
  readonly within?: Evidence | undefined
  readonly samples: number
  readonly baselineSamples: number
  readonly observed?: number | undefined
  readonly baseline?: number | undefined
  readonly limit: number
  /** "accuracy of digits v3 is 93.1 % (480 judged) against 98.0 % (2900 judged) of the running version" */
  readonly words: string
  /** "no more than 3 points lower" */
  readonly withinWords: string
  readonly worseWords: string
}

/** What the numbers say of one gate. Not enough data is an answer of its own, never a pass. */
export function judgeGate(gate: Gate, measurement: Measurement, alpha: GateAlpha): GateResult {
  const finding = find(gate, measurement)
  const { samples, baselineSamples, observed, baseline, limit } = finding
  const { verdict, message } = verdictOf(gate, finding, alpha)
  return {
    wave: measurement.wave,
    metric: gate.metric,
    model: measurement.model,
    verdict,
    ...(observed === undefined ? {} : { observed: rounded(observed) }),
    ...(baseline === undefined ? {} : { baseline: rounded(baseline) }),
    limit,
    samples,
    baselineSamples,
    message,
  }
}

function verdictOf(
  gate: Gate,
  finding: Finding,
  alpha: GateAlpha,
): Pick<GateResult, 'verdict' | 'message'> {
  const { samples, within, worse, words } = finding
  const missing = gate.minSamples - samples
  const isWithin = within === undefined ? true : isShown(within, alpha.pass)
  const isWorse = worse !== undefined && isShown(worse, alpha.stop)
  const sure = `at ${formatShare(1 - alpha.pass)} confidence`
  // A difference that is real and yet within the tolerance is what the tolerance is for.
  if (isWorse && !(within !== undefined && isWithin))
    return { verdict: 'Fail', message: `${words}: ${finding.worseWords} ${sure}` }
  if (missing > 0)
    return {
      verdict: 'NotEnoughData',
      message: `${words}: ${formatCount(missing)} more samples are needed before it may pass`,
    }
  if (isWithin)
    return {
      verdict: 'Pass',
      message: `${words}: ${finding.withinWords}${within === undefined ? '' : ` ${sure}`}`,
    }
  return {
    verdict: 'NotEnoughData',
    message: `${words}: not enough to say ${sure}${moreNeeded(within!, samples, alpha.pass)}`,
  }
}

function find(gate: Gate, measurement: Measurement): Finding {
  switch (gate.metric) {
    case 'ErrorRate':
      return findErrorRate(gate, measurement)
    case 'Accuracy':
      return findAccuracy(gate, measurement)
    case 'LatencyP99':
      return findLatency(gate, measurement)
    case 'BootHealth':
      throw new Error('Broken assumption: BootHealth is judged by sites, not by measurements')
  }
}

function findErrorRate(gate: Gate, { model, version, next, running }: Measurement): Finding {
  const tolerance = gate.maxIncrease ?? 0
  const now: Share = { hits: next.errors, count: next.requests }
  const before =
    running === undefined ? undefined : { hits: running.errors, count: running.requests }
  const found = compare(now, before, tolerance)
  return {
    ...found,
    observed: next.requests === 0 ? undefined : shareOf(now),
    baseline: before === undefined ? undefined : shareOf(before),
    limit: tolerance,
    words: `Errors of ${model} ${version} are ${told(now, before, 'requests')}`,
    withinWords: before
      ? `no more than ${formatPoints(tolerance)} higher`
      : `below ${formatShare(tolerance)}`,
    worseWords: before ? 'higher' : `above ${formatShare(tolerance)}`,
  }
}

function findAccuracy(gate: Gate, { model, version, next, running }: Measurement): Finding {
  const tolerance = gate.maxDrop ?? 0
  const now = wrongAnswers(next)
  const before = running === undefined ? undefined : wrongAnswers(running)
  const right = { hits: next.correct, count: next.judged }
  const rightBefore =
    before === undefined ? undefined : { hits: running!.correct, count: running!.judged }
  return {
    ...(before === undefined
      ? { samples: now.count, baselineSamples: 0 }
      : compare(now, before, tolerance)),
    observed: now.count === 0 ? undefined : shareOf(right),
    baseline: rightBefore === undefined ? undefined : shareOf(rightBefore),
    limit: tolerance,
    words: `Accuracy of ${model} ${version} is ${told(right, rightBefore, 'judged answers')}`,
    withinWords: before
      ? `no more than ${formatPoints(tolerance)} lower`
      : 'enough samples, and nothing to compare with',
    worseWords: 'lower',
  }
}

function findLatency(gate: Gate, { model, version, next, running }: Measurement): Finding {
  const limitMs = gate.maxMilliseconds ?? 0
  const count = sketchCount(next.latencyMs)
  const slow: Share = { hits: countAbove(next.latencyMs, limitMs), count }
  const observed = quantile(next.latencyMs, 0.99)
  const slowTold = `${formatShare(shareOf(slow))} of ${formatCount(count)} requests above ${formatMs(limitMs)}`
  return {
    worse: limitEvidence('above', slow, slowShareMax),
    within: limitEvidence('below', slow, slowShareMax),
    samples: count,
    baselineSamples: running === undefined ? 0 : sketchCount(running.latencyMs),
    observed,
    baseline: running === undefined ? undefined : quantile(running.latencyMs, 0.99),
    limit: limitMs,
    words:
      observed === undefined
        ? `Latency of ${model} ${version} has not been measured`
        : `99th percentile of the latency of ${model} ${version} is ${formatMs(observed)} (${slowTold})`,
    withinWords: `below ${formatMs(limitMs)}`,
    worseWords: `above ${formatMs(limitMs)}`,
  }
}

function compare(now: Share, before: Share | undefined, tolerance: number) {
  const counts = { samples: now.count, baselineSamples: before?.count ?? 0 }
  return before === undefined
    ? {
        ...counts,
        worse: limitEvidence('above', now, tolerance),
        within: limitEvidence('below', now, tolerance),
      }
    : {
        ...counts,
        worse: differenceEvidence('above', now, before, 0),
        within: differenceEvidence('below', now, before, tolerance),
      }
}

function wrongAnswers({ judged, correct }: Numbers): Share {
  return { hits: judged - correct, count: judged }
}

function isShown(evidence: Evidence, alpha: number): boolean {
  return evidence.log >= Math.log(1 / alpha)
}

/** The gap grows with the samples, what must be paid hardly does: so the rest can be foretold. */
function moreNeeded(evidence: Evidence, samples: number, alpha: number): string {
  const paid = evidence.gap - evidence.log
  const perSample = evidence.gap / samples
  const more = Math.ceil((Math.log(1 / alpha) + paid) / perSample - samples)
  return samples > 0 && evidence.gap > 1 && more > 0
    ? `; about ${formatCount(more)} more samples would do`
    : ''
}

function told(now: Share, before: Share | undefined, unit: string): string {
  const one = (share: Share) =>
    share.count === 0
      ? `unknown (no ${unit})`
      : `${formatShare(shareOf(share))} (${formatCount(share.count)} ${unit})`
  return before === undefined
    ? one(now)
    : `${one(now)} against ${one(before)} of the running version`
}

/** Six digits are more than the numbers carry, and keep status readable. */
function rounded(value: number): number {
  return Number(value.toPrecision(6))
}
