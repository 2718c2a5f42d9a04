/** How often something bad happened: `hits` of `count` requests, answers or latencies. */
export type Share = { readonly hits: number; readonly count: number }

/** The share as a number, 0 of nothing. */
export function shareOf({ hits, count }: Share): number {
  return count === 0 ? 0 : hits / count
}

/** Log-likelihood of a share under probability `p`, without the binomial coefficient. */
export function logLikelihood({ hits, count }: Share, p: number): number {
  return timesLog(hits, p) + timesLog(count - hits, 1 - p)
}

/** `n · ln p`, where nothing times the logarithm of nothing is nothing. */
function timesLog(n: number, p: number): number {
  return n === 0 ? 0 : n * Math.log(p)
}
