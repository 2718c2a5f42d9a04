/** Chance comes in through the door, so that a run can be replayed from its seed. */
export type Random = {
  /** A number in [0, 1). */
  next(): number
  /** A version 4 UUID (RFC 9562). */
  uuid(): string
  /** `count` lower-case characters that are easy to tell apart, as Kubernetes' generated names use. */
  suffix(count: number): string
}

const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789'

export const systemRandom: Random = {
  next: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  suffix: (count) => suffixFrom(() => Math.random(), count),
}

/**
 * A repeatable source (SplitMix32, Steele et al. 2014, finaliser of MurmurHash3).
 * Not for keys or tokens.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32
  }
  const hex = (count: number) =>
    Array.from({ length: count }, () => Math.floor(next() * 16).toString(16)).join('')
  return {
    next,
    suffix: (count) => suffixFrom(next, count),
    uuid: () =>
      `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'[Math.floor(next() * 4)]}${hex(3)}-${hex(12)}`,
  }
}

function suffixFrom(next: () => number, count: number): string {
  return Array.from(
    { length: count },
    () => suffixAlphabet[Math.floor(next() * suffixAlphabet.length)],
  ).join('')
}
