/** How sure a gate must be before it says something. */
export type GateAlpha = {
  /** Chance that this gate ever stops an unchanged version in this wave. */
  readonly stop: number
  /** Chance that this gate ever passes a version that is worse by the tolerance or more. */
  readonly pass: number
}

/**
 * Splits what may go wrong in a whole rollout. Stopping: any one of the gates may stop wrongly, so
 * they share it: half for the first wave, where most is caught and data are fewest, the other half
 * for the waves that follow. Passing: a bad version passes only if the very gate that measures its
 * fault passes, so each may use all of it (an intersection-union test, Berger 1982).
 */
export function splitAlpha(
  confidence: number,
  at: { readonly waveIndex: number; readonly waves: number; readonly gates: number },
): GateAlpha {
  const alpha = 1 - confidence
  const ofWave = at.waves <= 1 ? alpha : at.waveIndex === 0 ? alpha / 2 : alpha / 2 / (at.waves - 1)
  return { stop: ofWave / Math.max(1, at.gates), pass: alpha }
}
