import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SketchBuilder } from '@skerry/api/sketch'
import type { Gate } from '@skerry/api/kinds/rollout-policy'
import { seededRandom } from '@skerry/base/random'
import { splitAlpha } from './alpha.ts'
import { differenceEvidence, limitEvidence } from './evidence.ts'
import { type Behaviour, type Trial, tryGates } from './testing/gate-trial.ts'
import { judgeGate } from './gates.ts'
import { logBeta, logGamma } from './log-beta.ts'
import { type Measurement, type Numbers, noNumbers } from './measurement.ts'

const alpha = { stop: 0.01, pass: 0.05 }
const accuracyGate: Gate = { metric: 'Accuracy', maxDrop: 0.03, minSamples: 100 }

function numbers(part: Partial<Numbers> & { latencies?: [number, number][] }): Numbers {
  const sketch = new SketchBuilder()
  for (const [ms, times] of part.latencies ?? [])
    for (let at = 0; at < times; at += 1) sketch.add(ms)
  const { latencies: _, ...rest } = part
  return { ...noNumbers, latencyMs: sketch.toSketch(), ...rest }
}

function measured(next: Numbers, running?: Numbers): Measurement {
  return { wave: 'canary', model: 'digits', version: 'v3', next, running }
}

test('logGamma and logBeta agree with known values', () => {
  assert.ok(Math.abs(logGamma(0.5) - Math.log(Math.sqrt(Math.PI))) < 1e-12)
  assert.ok(Math.abs(logGamma(11) - Math.log(3_628_800)) < 1e-11)
  assert.ok(Math.abs(logBeta(2, 3) - Math.log(1 / 12)) < 1e-12)
})

test('evidence is at most one in expectation at every point of the null', () => {
  // Exhaustive: all outcomes of 8 new and 12 running requests, summed with their probabilities.
  const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k)
  const chance = (n: number, k: number, p: number) => choose(n, k) * p ** k * (1 - p) ** (n - k)
  for (const [p, q] of [
    [0.02, 0.02],
    [0.2, 0.3],
    [0.5, 0.5],
    [0.97, 0.97],
  ] as const) {
    let expected = 0
    for (let hits = 0; hits <= 8; hits += 1)
      for (let before = 0; before <= 12; before += 1) {
        const evidence = differenceEvidence(
          'above',
          { hits, count: 8 },
          { hits: before, count: 12 },
          0,
        )
        expected += chance(8, hits, p) * chance(12, before, q) * Math.exp(evidence.log)
      }
    assert.ok(expected <= 1, `${expected} at ${p}, ${q}`)
  }
  for (const limit of [0.01, 0.3]) {
    let expected = 0
    for (let hits = 0; hits <= 20; hits += 1)
      expected +=
        chance(20, hits, limit) * Math.exp(limitEvidence('below', { hits, count: 20 }, limit).log)
    assert.ok(expected <= 1, `${expected} at ${limit}`)
  }
})

test('no data is never a pass and says how many samples are missing', () => {
  const result = judgeGate(accuracyGate, measured(noNumbers, noNumbers), alpha)
  assert.equal(result.verdict, 'NotEnoughData')
  assert.equal(result.observed, undefined)
  assert.match(result.message, /unknown \(no judged answers\).*100 more samples/)
})

test('a version that is five points worse fails with both numbers in the sentence', () => {
  const next = numbers({ judged: 600, correct: 558 })
  const running = numbers({ judged: 4000, correct: 3920 })
  const result = judgeGate(accuracyGate, measured(next, running), alpha)
  assert.equal(result.verdict, 'Fail')
  assert.equal(
    result.message,
    'Accuracy of digits v3 is 93 % (600 judged answers) against 98 % (4,000 judged answers) of the running version: lower at 95 % confidence',
  )
  assert.deepEqual([result.observed, result.baseline, result.limit], [0.93, 0.98, 0.03])
})

test('a real difference within the tolerance passes', () => {
  const next = numbers({ judged: 60_000, correct: 58_500 })
  const running = numbers({ judged: 60_000, correct: 58_800 })
  assert.equal(judgeGate(accuracyGate, measured(next, running), alpha).verdict, 'Pass')
  const strict = { ...accuracyGate, maxDrop: 0.001 }
  assert.equal(judgeGate(strict, measured(next, running), alpha).verdict, 'Fail')
})

test('enough evidence with too few samples for the gate does not pass yet', () => {
  const next = numbers({ judged: 600, correct: 600 })
  const running = numbers({ judged: 4000, correct: 3800 })
  const gate = { ...accuracyGate, minSamples: 1000 }
  const result = judgeGate(gate, measured(next, running), alpha)
  assert.equal(result.verdict, 'NotEnoughData')
  assert.match(result.message, /400 more samples/)
})

test('without a running version accuracy needs samples only, and says so', () => {
  const next = numbers({ judged: 150, correct: 90 })
  const result = judgeGate(accuracyGate, measured(next), alpha)
  assert.equal(result.verdict, 'Pass')
  assert.match(result.message, /nothing to compare with/)
})

test('without a running version errors are held against the limit itself', () => {
  const gate: Gate = { metric: 'ErrorRate', maxIncrease: 0.05, minSamples: 10 }
  const bad = numbers({ requests: 400, errors: 60 })
  const good = numbers({ requests: 400, errors: 0 })
  assert.equal(judgeGate(gate, measured(bad), alpha).verdict, 'Fail')
  assert.equal(judgeGate(gate, measured(good), alpha).verdict, 'Pass')
})

test('slow requests fail at once, fast ones pass after some hundred', () => {
  const gate: Gate = { metric: 'LatencyP99', maxMilliseconds: 25, minSamples: 100 }
  const slow = judgeGate(gate, measured(numbers({ latencies: [[100, 16]] })), alpha)
  assert.equal(slow.verdict, 'Fail')
  assert.match(slow.message, /is 99\.\d ms|is 100 ms|is 101 ms/)
  const few = judgeGate(gate, measured(numbers({ latencies: [[2, 150]] })), alpha)
  assert.equal(few.verdict, 'NotEnoughData')
  assert.match(few.message, /about \d+ more samples would do/)
  const many = judgeGate(gate, measured(numbers({ latencies: [[2, 400]] })), alpha)
  assert.equal(many.verdict, 'Pass')
})

test('the promise is shared out: no more than alpha over all waves and gates', () => {
  for (const waves of [1, 2, 5])
    for (const gates of [1, 3]) {
      let total = 0
      for (let waveIndex = 0; waveIndex < waves; waveIndex += 1)
        total += gates * splitAlpha(0.95, { waveIndex, waves, gates }).stop
      assert.ok(total <= 0.05 + 1e-12, `${total} for ${waves} waves of ${gates} gates`)
    }
})

const good: Behaviour = { errorRate: 0, accuracy: 0.98, slowShare: 0, fastMs: 2, slowMs: 100 }
const trial: Trial = {
  next: good,
  running: good,
  gates: [
    { metric: 'ErrorRate', maxIncrease: 0.02, minSamples: 100 },
    { metric: 'LatencyP99', maxMilliseconds: 25, minSamples: 100 },
    accuracyGate,
  ],
  confidence: 0.95,
  waves: 2,
  requestsPerSecond: 8,
  baselineSites: 2,
  historyRequests: 2000,
  lookEverySeconds: 2,
  soakSeconds: 0,
  endSeconds: 300,
}

function outcomes(changes: Partial<Trial>, times: number) {
  const random = seededRandom(7)
  return Array.from({ length: times }, () => tryGates({ ...trial, ...changes }, random))
}

test('an unchanged model is stopped no more often than promised, looked at every two seconds', () => {
  const never = trial.gates.map((gate) => ({ ...gate, minSamples: 1_000_000 }))
  const ends = outcomes({ gates: never }, 60)
  assert.ok(ends.filter(({ outcome }) => outcome === 'Stopped').length <= 3)
})

test('five points worse is seen within 90 seconds, nearly always', () => {
  const ends = outcomes({ next: { ...good, accuracy: 0.93 } }, 40)
  const soon = ends.filter(({ outcome, seconds }) => outcome === 'Stopped' && seconds <= 90)
  assert.ok(soon.length >= 36, `${soon.length} of 40`)
})

test('a better model passes within 45 seconds, typically', () => {
  const ends = outcomes({ running: { ...good, accuracy: 0.945 } }, 40)
  const soon = ends.filter(({ outcome, seconds }) => outcome === 'Passed' && seconds <= 45)
  assert.ok(soon.length >= 30, `${soon.length} of 40`)
})
