import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import {
  SketchBuilder,
  countAbove,
  emptySketch,
  mergeSketches,
  quantile,
  sketchCount,
} from './sketch.ts'

const lognormal = (count: number, seed: number): number[] => {
  const random = seededRandom(seed)
  return Array.from({ length: count }, () => {
    const normal =
      Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
    return Math.exp(normal)
  })
}

const sketchOf = (values: number[]) => {
  const builder = new SketchBuilder()
  for (const value of values) builder.add(value)
  return builder.toSketch()
}

test('every quantile is within 1 % of a value that was seen', () => {
  const values = lognormal(50_000, 7)
  const sorted = values.toSorted((left, right) => left - right)
  const sketch = sketchOf(values)
  for (const share of [0, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999, 1]) {
    const exact = sorted[Math.floor(share * (sorted.length - 1))]!
    const error = Math.abs(quantile(sketch, share)! - exact) / exact
    assert.ok(error <= 0.010001, `q${share}: off by ${error}`)
  }
})

test('merged sketches are the sketch of all values', () => {
  const values = lognormal(10_000, 3)
  const parts = [values.slice(0, 10), values.slice(10, 4000), values.slice(4000)]
  const merged = mergeSketches(parts.map(sketchOf))
  const whole = sketchOf(values)
  assert.deepEqual(merged.buckets, whole.buckets)
  assert.equal(sketchCount(merged), 10_000)
})

test('zero counts, nothing has no quantile, and what is no number is refused', () => {
  assert.equal(quantile(emptySketch, 0.5), undefined)
  assert.equal(quantile(sketchOf([0, 0, 0, 5]), 0.5), 0)
  assert.equal(countAbove(sketchOf([1, 2, 3, 100]), 50), 1)
  for (const value of [Number.NaN, -1, Infinity])
    assert.throws(() => new SketchBuilder().add(value), RangeError)
})
