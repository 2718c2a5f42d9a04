import { logBeta } from './log-beta.ts'
import { type Share, logLikelihood, shareOf } from './share.ts'

/**
 * Evidence that stays honest however often it is looked at.
 *
 * An e-process by universal inference (Wasserman, Ramdas, Balakrishnan 2020) with a beta-binomial
 * mixture (Robbins 1970) above the line and the most favourable member of the null hypothesis below.
 * Under each member of the null the mixture over that member's likelihood is a martingale that
 * starts at 1; dividing by the largest likelihood only makes it smaller. Hence, by Ville's
 * inequality, the chance that it ever reaches 1/alpha is at most alpha, whatever the moment of
 * stopping and however the samples of both sides interleave or come late.
 * decisions/0030-gates.md says why this one.
 */
export type Evidence = {
  /** Natural logarithm of the e-value; the claim is shown at alpha once it reaches ln(1/alpha). */
  readonly log: number
  /** How far the best fit is from the null, in nats: grows in proportion to the samples. */
  readonly gap: number
}

/** Claims: the shares differ by more than, or by less than, `shift`. */
export type Claim = 'above' | 'below'

/**
 * What a share is expected to be like: near zero, for what hardly ever fails, or some per cent.
 * Against flat priors this passes what never fails with less than half the samples. No choice here
 * can make a claim less sure, only later.
 */
const nearZero = { a: 0.02, b: 1 }
const somePerCent = { a: 1, b: 10 }
const evenWeight = 0.5
/** For "below this limit" zero is the case that matters. */
const belowLimitWeight = 0.9

/** Evidence that the new share is above (below) the old share plus `shift`. */
export function differenceEvidence(
  claim: Claim,
  next: Share,
  running: Share,
  shift: number,
): Evidence {
  const apart = shareOf(next) - shareOf(running) - shift
  const best = logLikelihood(next, shareOf(next)) + logLikelihood(running, shareOf(running))
  const isInNull = claim === 'above' ? apart <= 0 : apart >= 0
  const nearest = isInNull ? best : maxOnLine(next, running, shift)
  const mixture = logMixture(next, evenWeight) + logMixture(running, evenWeight)
  return { log: mixture - nearest, gap: best - nearest }
}

/** Evidence that a share is above (below) a fixed limit. */
export function limitEvidence(claim: Claim, next: Share, limit: number): Evidence {
  const best = logLikelihood(next, shareOf(next))
  const isInNull = claim === 'above' ? shareOf(next) <= limit : shareOf(next) >= limit
  const nearest = isInNull ? best : logLikelihood(next, limit)
  const weight = claim === 'below' ? belowLimitWeight : evenWeight
  return { log: logMixture(next, weight) - nearest, gap: best - nearest }
}

/** Log of the probability that the mixture gave to these outcomes, in any order. */
function logMixture({ hits, count }: Share, nearZeroWeight: number): number {
  const under = ({ a, b }: { a: number; b: number }) =>
    logBeta(a + hits, b + count - hits) - logBeta(a, b)
  const terms = [
    Math.log(nearZeroWeight) + under(nearZero),
    Math.log(1 - nearZeroWeight) + under(somePerCent),
  ]
  const largest = Math.max(...terms)
  return largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0))
}

/** Enough halvings for the last bit of a double in [0, 1]. */
const halvings = 60

/**
 * The largest likelihood among all pairs whose difference is exactly `shift`: concave in the
 * running share, so the sign of its slope says where to go.
 */
function maxOnLine(next: Share, running: Share, shift: number): number {
  let low = Math.max(0, -shift)
  let high = Math.min(1, 1 - shift)
  for (let step = 0; step < halvings; step += 1) {
    const middle = (low + high) / 2
    if (slope(next, middle + shift) + slope(running, middle) > 0) low = middle
    else high = middle
  }
  const at = (low + high) / 2
  return logLikelihood(next, at + shift) + logLikelihood(running, at)
}

function slope({ hits, count }: Share, p: number): number {
  const misses = count - hits
  return (hits === 0 ? 0 : hits / p) - (misses === 0 ? 0 : misses / (1 - p))
}
