import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { FairQueue, type Waiting } from './fair-queue.ts'

/** A queue whose turns are written down. */
function world(seats: number) {
  const queue = new FairQueue(seats)
  const started: string[] = []
  const ask = (flow: string, width = 1): Waiting | undefined => {
    if (queue.tryTake(flow, width)) {
      started.push(flow)
      return undefined
    }
    const waiting = { seats: width, start: () => started.push(flow) }
    queue.add(flow, waiting)
    return waiting
  }
  return { queue, started, ask }
}

test('one flow never holds more than half of the seats, so the next one starts at once', () => {
  const { queue, started, ask } = world(10)
  for (let count = 0; count < 100; count += 1) ask('greedy')
  assert.equal(queue.inUse, 5)
  assert.equal(queue.waitingOf('greedy'), 95)
  ask('ann')
  assert.equal(started.at(-1), 'ann')
})

test('who holds least goes first when seats come free, then who waited longest for a turn', () => {
  const { queue, started, ask } = world(4)
  for (const flow of ['a', 'a', 'b', 'b']) ask(flow)
  assert.equal(queue.inUse, 4)
  for (const flow of ['a', 'a', 'b', 'c', 'd']) ask(flow)
  started.length = 0
  queue.giveBack('a', 1)
  queue.giveBack('a', 1)
  assert.deepEqual(started, ['c', 'd'])
  queue.giveBack('b', 1)
  assert.deepEqual(started, ['c', 'd', 'a'])
})

test('a wide one gets its room, and those behind it do not take it bit by bit', () => {
  const { queue, started, ask } = world(10)
  for (let count = 0; count < 5; count += 1) ask('a')
  for (let count = 0; count < 4; count += 1) ask('b')
  ask('wide', 5)
  ask('a')
  started.length = 0
  for (let count = 0; count < 4; count += 1) queue.giveBack('a', 1)
  assert.deepEqual(started, ['wide'])
  queue.giveBack('b', 1)
  assert.deepEqual(started, ['wide', 'a'])
})

test('what is wider than all seats runs when nothing else does', () => {
  const { queue, started, ask } = world(4)
  ask('a')
  ask('wide', 40)
  assert.deepEqual(started, ['a'])
  queue.giveBack('a', 1)
  assert.deepEqual(started, ['a', 'wide'])
  queue.giveBack('wide', 40)
  assert.equal(queue.inUse, 0)
})

test('whoever leaves the queue is not started, and lets those behind it go', () => {
  const { queue, started, ask } = world(2)
  ask('a')
  ask('b')
  const left = ask('c', 2)
  ask('d')
  queue.giveBack('a', 1)
  assert.deepEqual(started, ['a', 'b'], 'c waits for two')
  assert.equal(queue.leave('c', left!), true)
  assert.deepEqual(started, ['a', 'b', 'd'])
  assert.equal(queue.leave('c', left!), false)
  assert.equal(queue.waiting, 0)
})

test('whatever is asked and given back: seats are never given twice, and all are served', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = seededRandom(seed)
    const seats = 1 + Math.floor(random.next() * 20)
    const queue = new FairQueue(seats)
    const running: { flow: string; width: number }[] = []
    let asked = 0
    let served = 0
    const run = (flow: string, width: number) => {
      served += 1
      running.push({ flow, width })
    }
    for (let step = 0; step < 400; step += 1) {
      if (random.next() < 0.55) {
        const flow = `f${Math.floor(random.next() ** 2 * 6)}`
        const width = 1 + Math.floor(random.next() ** 3 * 8)
        asked += 1
        if (queue.tryTake(flow, width)) run(flow, width)
        else queue.add(flow, { seats: width, start: () => run(flow, width) })
      } else if (running.length > 0) {
        const [one] = running.splice(Math.floor(random.next() * running.length), 1)
        queue.giveBack(one!.flow, one!.width)
      }
      const inUse = running.reduce((sum, { width }) => sum + width, 0)
      assert.equal(queue.inUse, inUse)
      assert.ok(inUse <= seats || running.length === 1, `seed ${seed}: ${inUse} of ${seats}`)
      assert.equal(queue.waiting, asked - served)
    }
    while (running.length > 0) {
      const one = running.pop()!
      queue.giveBack(one.flow, one.width)
    }
    assert.equal(served, asked, `seed ${seed}`)
    assert.equal(queue.inUse, 0)
  }
})
