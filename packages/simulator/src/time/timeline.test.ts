import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@skerry/base/random'
import { EventQueue } from './event-queue.ts'
import { createLife } from './life.ts'
import { createTimeline } from './timeline.ts'
import { createProcessClock } from './wall-clock.ts'

test('events come in the order of their moments, and of their asking within one', () => {
  const queue = new EventQueue()
  const random = seededRandom(3)
  const asked = Array.from({ length: 500 }, (_, order) => ({
    dueMs: Math.floor(random.next() * 50),
    order,
  }))
  const events = asked.map(({ dueMs }) => queue.add(dueMs, () => {}))
  for (const event of events.filter(({ order }) => order % 7 === 0)) event.run = undefined
  const taken: string[] = []
  for (let event = queue.take(100); event !== undefined; event = queue.take(100))
    taken.push(`${event.dueMs} ${event.order}`)
  const wanted = asked
    .filter(({ order }) => order % 7 !== 0)
    .toSorted((left, right) => left.dueMs - right.dueMs || left.order - right.order)
  assert.deepEqual(
    taken,
    wanted.map(({ dueMs, order }) => `${dueMs} ${order}`),
  )
})

test('time moves only when nothing can go on without it', async () => {
  const timeline = createTimeline()
  const told: string[] = []
  const note = (what: string) => told.push(`${what} at ${timeline.elapsedMs}`)
  timeline.after(10, () => {
    void (async () => {
      for (let turn = 0; turn < 1000; turn += 1) await Promise.resolve()
      await new Promise<void>((resolve) => process.nextTick(resolve))
      note('a long chain')
    })()
  })
  timeline.after(10, () => note('the next event'))
  timeline.after(11, () => note('a later event'))
  await timeline.runUntil(60_000)
  assert.deepEqual(told, ['a long chain at 10', 'the next event at 10', 'a later event at 11'])
  assert.equal(timeline.elapsedMs, 60_000)
})

test('a bug in an event ends the run with it', async () => {
  const timeline = createTimeline()
  timeline.after(5, () => {
    throw new Error('a bug')
  })
  await assert.rejects(timeline.runUntil(10), /a bug/)
})

test('a process that was killed never goes on: neither catch nor finally runs', async () => {
  const timeline = createTimeline()
  const told: string[] = []
  const live = async (name: string, life = createLife()) => {
    const clock = createProcessClock({ timeline, startMs: 0, wall: { offsetMs: 0 }, life })
    try {
      await clock.sleep(100)
      told.push(`${name} slept`)
    } catch {
      told.push(`${name} caught`)
    } finally {
      told.push(`${name} ended`)
    }
  }
  const doomed = createLife()
  void live('doomed', doomed)
  void live('spared')
  timeline.after(50, () => doomed.end())
  await timeline.runUntil(1000)
  assert.deepEqual(told, ['spared slept', 'spared ended'])
})

test('a machine whose clock is set wakes nobody, and the time since its start goes on', async () => {
  const timeline = createTimeline()
  const wall = { offsetMs: 0 }
  await timeline.runUntil(7000)
  const clock = createProcessClock({ timeline, startMs: 1_000_000, wall, life: createLife() })
  let sleptMs = 0
  void clock.sleep(100).then(() => (sleptMs = clock.monotonicMs()))
  wall.offsetMs = 3_600_000
  await timeline.runUntil(7200)
  assert.equal(sleptMs, 100)
  assert.equal(clock.now(), 1_000_000 + 7200 + 3_600_000)
})
