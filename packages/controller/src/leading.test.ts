import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Clock } from '@skerry/base/clock'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import { siteKind } from '@skerry/api/kinds/site'
import type { State } from '@skerry/api/state'
import { createMemoryState } from '@skerry/store/memory-state'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import type { Controller } from './controller.ts'
import { leaseDurationMs } from './limits.ts'
import { runControllers } from './run-controllers.ts'
import { runWhileLeading } from './run-while-leading.ts'
import { updateStatus } from './update-status.ts'

const lease = { name: 'controllers', namespace: 'default' }

function world() {
  const clock = createSteppedClock(Date.parse('2026-11-21T12:00:00Z'))
  const random = seededRandom(1)
  const state = createMemoryState({ clock, random })
  const leading: string[] = []
  const stops: AbortController[] = []
  const ends: Promise<void>[] = []
  const start = (name: string, more: { identity?: string; clock?: Clock; state?: State } = {}) => {
    const stop = new AbortController()
    stops.push(stop)
    const frame = { clock, random, state, log: silentLog, identity: name, ...lease }
    ends.push(
      runWhileLeading({ ...frame, ...more, signal: stop.signal }, async (signal) => {
        leading.push(name)
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        )
        leading.splice(leading.indexOf(name), 1)
      }),
    )
    return stop
  }
  const end = async () => {
    for (const stop of stops) stop.abort()
    await Promise.all(ends)
  }
  return { clock, random, state, leading, start, end }
}

test('a hub whose clock is ahead does not take over from one that is alive', async () => {
  const { clock, leading, start, end } = world()
  start('one')
  await clock.advance(1)
  const ahead: Clock = {
    now: () => clock.now() + 3_600_000,
    monotonicMs: () => clock.monotonicMs(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
  }
  start('two', { clock: ahead })
  for (let second = 0; second < 60; second += 1) {
    await clock.advance(1000)
    assert.deepEqual(leading, ['one'])
  }
  await end()
})

test('two hubs of one name do not both lead: the newer one does, as after a restart', async () => {
  const { clock, leading, start, end } = world()
  start('one')
  await clock.advance(20_137)
  start('copy', { identity: 'one' })
  await clock.advance(leaseDurationMs)
  for (let second = 0; second < 90; second += 1) {
    await clock.advance(1000)
    assert.deepEqual(leading, ['copy'])
  }
  await end()
})

test('a hub goes on leading when the answer to its renewal was lost', async () => {
  const { clock, state, leading, start, end } = world()
  let lost = 0
  const deaf = {
    ...state,
    update: async (...parameters: Parameters<State['update']>) => {
      const updated = await state.update(...parameters)
      if (lost > 0) {
        lost -= 1
        throw new Error('the answer was lost')
      }
      return updated
    },
  } as State
  start('one', { state: deaf })
  await clock.advance(20_000)
  lost = 1
  for (let second = 0; second < 60; second += 1) {
    await clock.advance(1000)
    assert.deepEqual(leading, ['one'])
  }
  await end()
})

test('what a leader decided before it stood still is not written after', async () => {
  const { clock, random, state } = world()
  const key = { namespace: 'default', name: 'a' }
  await state.create(siteKind, { metadata: key, spec: {} })
  let stoodStillMs = 0
  const own: Clock = {
    now: () => clock.now() + stoodStillMs,
    monotonicMs: () => clock.monotonicMs() + stoodStillMs,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  }
  const decided = Promise.withResolvers<void>()
  let outcome = ''
  const controller: Controller = {
    name: 'decider',
    reads: [],
    owns: [],
    seeds: ['all'],
    reconcile: async (_key, view) => {
      await decided.promise
      const write = updateStatus(view.state, siteKind, key, () => ({ health: 'Healthy' }))
      outcome = await write.then(
        () => 'written',
        (error: Error) => error.message,
      )
    },
  }
  const stop = new AbortController()
  const running = runControllers({
    state,
    clock: own,
    random,
    log: silentLog,
    signal: stop.signal,
    controllers: [controller],
    lease: { identity: 'one', ...lease },
  })
  await clock.advance(1)
  // No timer has fired: the process was stopped, and goes on where it was.
  stoodStillMs = leaseDurationMs + 1
  decided.resolve()
  await clock.advance(1)
  assert.match(outcome, /no longer leads/)
  assert.equal((await state.get(siteKind, key))?.status?.health, undefined)
  stop.abort()
  await running
})
