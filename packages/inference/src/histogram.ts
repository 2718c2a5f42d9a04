/** Counts in fixed buckets, each with its upper bound, as OpenMetrics has them. */
export class Histogram {
  readonly bounds: readonly number[]
  /** One more than bounds: the last is everything above. Not cumulative. */
  readonly counts: number[]
  sum = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  add(value: number): void {
    let bucket = 0
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket += 1
    this.counts[bucket]! += 1
    this.sum += value
  }
}
