import type { Clock } from '@skerry/base/clock'

/** Signs of life of the agent's loops, for whoever feeds the watchdog. */
export type Pulse = {
  /** The loop of this name came round. */
  beat(loop: string): void
  /** A loop that is meant to end is not missed. */
  rest(loop: string): void
  /** Since each loop came round last. */
  agesMs(): Readonly<Record<string, number>>
  /** A restart was ordered: from now on a hang on the way down must end in a reset. */
  setLeaving(isLeaving: boolean): void
  isLeaving(): boolean
  /** Why the watchdog is not fed just now, as a sentence. */
  setRefusal(refusal: string | undefined): void
  refusal(): string | undefined
}

export function createPulse(clock: Clock): Pulse {
  const beats = new Map<string, number>()
  let leaving = false
  let refusal: string | undefined
  return {
    beat: (loop) => void beats.set(loop, clock.monotonicMs()),
    rest: (loop) => void beats.delete(loop),
    agesMs: () =>
      Object.fromEntries([...beats].map(([loop, atMs]) => [loop, clock.monotonicMs() - atMs])),
    setLeaving: (isLeaving) => void (leaving = isLeaving),
    isLeaving: () => leaving,
    setRefusal: (why) => void (refusal = why),
    refusal: () => refusal,
  }
}
