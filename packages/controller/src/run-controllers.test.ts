import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLog, silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import { eventKind, leaseKind } from '@skerry/api/kinds/core'
import { modelKind } from '@skerry/api/kinds/model'
import { siteKind } from '@skerry/api/kinds/site'
import { createMemoryState } from '@skerry/store/memory-state'
import { type Controller, keyOf, parseKey, reads } from './controller.ts'
import { describeGraph, ownershipProblems } from './describe-graph.ts'
import { recordEvent } from './record-event.ts'
import { runControllers } from './run-controllers.ts'
import { runWhileLeading } from './run-while-leading.ts'
import { createSteppedClock } from '@skerry/testing/stepped-clock'
import { updateStatus } from './update-status.ts'
import { WorkQueue } from './work-queue.ts'

function world() {
  const clock = createSteppedClock(Date.parse('2026-11-21T12:00:00Z'))
  const random = seededRandom(1)
  const state = createMemoryState({ clock, random })
  const stop = new AbortController()
  const site = (name: string) =>
    state.create(siteKind, { metadata: { name, namespace: 'default' }, spec: {} })
  return { clock, random, state, stop, site, signal: stop.signal, log: silentLog }
}

const idle = async () => undefined

test('a controller sees what is there, what comes, what changes and what goes', async () => {
  const all = world()
  await all.site('a')
  const seen: string[] = []
  const controller: Controller = {
    name: 'looker',
    reads: [reads(siteKind, (site) => [keyOf(site)])],
    owns: [],
    reconcile: async (key, { cached }) => {
      seen.push(`${key} ${cached.get(siteKind, parseKey(key)) === undefined ? 'gone' : 'there'}`)
    },
  }
  const running = runControllers({ ...all, controllers: [controller] })
  await all.clock.advance(1)
  await all.site('b')
  await all.clock.advance(1)
  await all.state.delete(siteKind, { namespace: 'default', name: 'a' })
  await all.clock.advance(1)
  assert.deepEqual(seen, ['default/a there', 'default/b there', 'default/a gone'])
  await all.clock.advance(11 * 60_000)
  assert.equal(seen.at(-1), 'default/b there', 'every key is looked at again in time')
  assert.equal(seen.length, 4)
  all.stop.abort()
  await running
})

test('what fails is tried again later each time, and a success forgets the failures', async () => {
  const all = world()
  const times: number[] = []
  const warnings: string[] = []
  const controller: Controller = {
    name: 'failing',
    reads: [],
    owns: [],
    seeds: ['all'],
    reconcile: async () => {
      times.push(all.clock.monotonicMs())
      if (times.length < 5) throw new Error('the disk is on fire')
    },
  }
  const log = createLog(({ message }) => warnings.push(message))
  const running = runControllers({ ...all, log, controllers: [controller] })
  await all.clock.advance(60_000)
  assert.equal(times.length, 5)
  const gaps = times.slice(1).map((time, at) => time - times[at]!)
  for (const [at, gap] of gaps.entries())
    assert.ok(gap >= 50 * 2 ** at && gap <= 100 * 2 ** at, `gap ${at} is ${gap}`)
  assert.equal(warnings.length, 4)
  all.stop.abort()
  await running
})

test('a key is never looked at by two workers at once, and news meanwhile is not lost', async () => {
  const { clock, signal, stop } = world()
  const queue = new WorkQueue(clock, signal)
  queue.add('a')
  queue.add('a')
  assert.equal(await queue.next(), 'a')
  queue.add('a')
  const second = queue.next()
  let isTaken = false
  void second.then(() => (isTaken = true))
  await clock.advance(1)
  assert.equal(isTaken, false)
  queue.done('a')
  assert.equal(await second, 'a')
  queue.done('a')
  queue.addAfter('b', 100)
  queue.addAfter('b', 500)
  const third = queue.next()
  await clock.advance(100)
  assert.equal(await third, 'b')
  queue.done('b')
  const last = queue.next()
  stop.abort()
  assert.equal(await last, undefined)
})

test('two owners of one field, or an owner that the kind does not know, end the start', async () => {
  const owner = (name: string): Controller => ({
    name,
    reads: [],
    owns: [[siteKind, 'sync']],
    reconcile: idle,
  })
  assert.deepEqual(ownershipProblems([owner('site-sync')]), [])
  const problems = ownershipProblems([owner('site-sync'), owner('other')])
  assert.equal(problems.length, 2)
  assert.match(problems[0]!, /owned by both site-sync and other/)
  assert.match(problems[1]!, /belong to site-sync, not to other/)
  const all = world()
  await assert.rejects(
    runControllers({ ...all, controllers: [owner('site-sync'), owner('site-sync')] }),
    /disagree/,
  )
  assert.match(describeGraph([owner('site-sync')]), /^site-sync\n {2}owns {2}Site\.status\.sync$/)
})

test('two writers of one status lose nothing, and nothing is written when nothing changes', async () => {
  const { state, site } = world()
  const { status: first } = await site('a')
  const key = { namespace: 'default', name: 'a' }
  await Promise.all([
    updateStatus(state, siteKind, key, () => ({ health: 'Healthy' })),
    updateStatus(state, siteKind, key, () => ({ connectivity: 'Online' })),
    updateStatus(state, siteKind, key, () => ({ sync: 'Progressing' })),
  ])
  const after = await state.get(siteKind, key)
  const both = { ...first, connectivity: 'Online', sync: 'Progressing' }
  assert.deepEqual(after?.status, { ...both, health: 'Healthy' })
  const same = await updateStatus(state, siteKind, key, () => ({ health: 'Healthy' }))
  assert.equal(same?.metadata.resourceVersion, after?.metadata.resourceVersion)
  const without = await updateStatus(state, siteKind, key, () => ({ health: undefined }))
  assert.deepEqual(without?.status, both)
  const missing = await updateStatus(state, modelKind, key, () => ({ versions: 1 }))
  assert.equal(missing, undefined)
})

test('the same event again only counts', async () => {
  const { state, clock, site } = world()
  const object = await site('a')
  const input = { object, type: 'Normal', reason: 'Seen', component: 'test' } as const
  for (const message of ['one', 'one', 'two'])
    await recordEvent(state, clock, { ...input, message })
  const { items } = await state.list(eventKind)
  const counts = new Map(items.map(({ message, count }) => [message, count]))
  assert.deepEqual([counts.size, counts.get('one'), counts.get('two')], [2, 2, 1])
})

test('one leads at a time; when it falls silent another takes over, when it leaves at once', async () => {
  const all = world()
  const lease = { name: 'controllers', namespace: 'default' }
  const leading = new Set<string>()
  const start = (identity: string, state = all.state) => {
    const stop = new AbortController()
    const ended = runWhileLeading(
      { ...all, ...lease, state, identity, signal: stop.signal },
      async (signal) => {
        leading.add(identity)
        await new Promise<void>((resolve) =>
          signal.addEventListener('abort', () => resolve(), { once: true }),
        )
        leading.delete(identity)
      },
    )
    return { stop, ended }
  }
  let isCutOff = false
  const flaky = {
    ...all.state,
    update: (...parameters: Parameters<typeof all.state.update>) =>
      isCutOff ? Promise.reject(new Error('no route')) : all.state.update(...parameters),
  } as typeof all.state
  const one = start('one', flaky)
  await all.clock.advance(1)
  const two = start('two')
  await all.clock.advance(60_000)
  assert.deepEqual([...leading], ['one'])
  isCutOff = true
  for (let second = 0; second < 40; second += 1) {
    await all.clock.advance(1000)
    assert.ok(leading.size <= 1, 'never two leaders')
  }
  assert.deepEqual([...leading], ['two'])
  isCutOff = false
  two.stop.abort()
  await two.ended
  await all.clock.advance(5000)
  assert.deepEqual([...leading], ['one'])
  one.stop.abort()
  await one.ended
  const after = await all.state.get(leaseKind, lease)
  assert.equal(after?.spec.holderIdentity, '')
})
