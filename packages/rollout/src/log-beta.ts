/** Lanczos' approximation with g = 7 and nine terms (Godfrey 2001): 15 digits for positive x. */
const lanczos = [
  0.999_999_999_999_809_93, 676.520_368_121_885_1, -1259.139_216_722_402_8, 771.323_428_777_653_13,
  -176.615_029_162_140_59, 12.507_343_278_686_905, -0.138_571_095_265_720_12,
  9.984_369_578_019_571_6e-6, 1.505_632_735_149_311_6e-7,
]

export function logGamma(x: number): number {
  // The series is for x >= 1/2; below, one step of the recurrence is enough.
  if (x < 0.5) return logGamma(x + 1) - Math.log(x)
  const base = x + 6.5
  const sum = lanczos.reduce(
    (total, term, at) => total + (at === 0 ? term : term / (x - 1 + at)),
    0,
  )
  return 0.5 * Math.log(2 * Math.PI) + (x - 0.5) * Math.log(base) - base + Math.log(sum)
}

/** Logarithm of Euler's beta function. */
export function logBeta(a: number, b: number): number {
  return logGamma(a) + logGamma(b) - logGamma(a + b)
}
