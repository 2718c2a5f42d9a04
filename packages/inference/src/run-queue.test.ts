import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@skerry/base/clock'
import { RunQueue } from './run-queue.ts'

/** A model whose runs take `runMs`, one a turn; says how many were under way at most. */
function queueOf(runMs: number) {
  let nowMs = 0
  let running = 0
  let most = 0
  const order: number[] = []
  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    sleep: () => Promise.resolve(),
  }
  const queue = new RunQueue({
    requestsMax: 20,
    clock,
    run: async ([input]) => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setImmediate(resolve))
      nowMs += runMs
      running -= 1
      order.push(input!.shape[0]!)
      return []
    },
  })
  const submit = (number: number, isAbandoned = false) =>
    queue.submit({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [number], data: new Float32Array(0) }],
      outputs: [],
      isAbandoned: () => isAbandoned,
    })
  return { queue, submit, order, most: () => most, restart: () => (most = 0) }
}

const many = (count: number) => Array.from({ length: count }, (_, index) => index)

test('slow runs go one by one, in order', async () => {
  const { submit, order, most } = queueOf(90)
  await Promise.all(many(10).map((number) => submit(number)))
  assert.equal(most(), 1)
  assert.deepEqual(order, many(10))
})

test('fast runs share a turn once they are known to be fast, in order and with a bound', async () => {
  const { submit, order, most } = queueOf(0.02)
  await submit(0)
  await Promise.all(
    many(20)
      .slice(1)
      .map((number) => submit(number)),
  )
  assert.equal(most(), 16)
  assert.deepEqual(order, many(20))
})

test('past its bound the queue refuses; whoever has gone is passed over', async () => {
  const { queue, submit, order } = queueOf(90)
  const outcomes = await Promise.all(many(25).map((number) => submit(number, number % 2 === 1)))
  const reasons = outcomes.map((outcome) => (outcome.ok ? 'run' : outcome.reason))
  assert.deepEqual(
    reasons.slice(20),
    many(5).map(() => 'overloaded'),
  )
  assert.deepEqual(
    order,
    many(20).filter((number) => number % 2 === 0),
  )
  assert.equal(queue.depth, 0)
})

test('a run that fails fails alone', async () => {
  let calls = 0
  const queue = new RunQueue({
    requestsMax: 5,
    clock: { now: () => 0, monotonicMs: () => 0, sleep: () => Promise.resolve() },
    run: async () => {
      calls += 1
      if (calls === 1) throw new Error('broken')
      return []
    },
  })
  const job = { inputs: [], outputs: [], isAbandoned: () => false }
  const [first, second] = await Promise.allSettled([queue.submit(job), queue.submit(job)])
  assert.equal(first.status, 'rejected')
  assert.equal(second.status, 'fulfilled')
  assert.equal(queue.depth, 0)
})
