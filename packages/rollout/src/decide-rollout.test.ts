import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Sketch, SketchBuilder } from '@skerry/api/sketch'
import { type Random, seededRandom } from '@skerry/base/random'
import type { Numbers } from './measurement.ts'
import { World } from './testing/rollout-world.ts'

/** All requests take two milliseconds. */
function latencies(count: number): Sketch {
  const one = new SketchBuilder()
  one.add(2)
  const { buckets } = one.toSketch()
  return { zero: 0, buckets: count === 0 ? [] : [buckets[0]!, count], sum: 2 * count }
}

function measured(accuracy: number, judged = 3000): Numbers {
  return {
    requests: judged,
    errors: 0,
    judged,
    correct: Math.round(judged * accuracy),
    latencyMs: latencies(judged),
  }
}

const quick = { soakSeconds: 4, gateTimeoutSeconds: 60, siteTimeoutSeconds: 30 }
const names = ['a', 'b', 'c', 'd', 'e']

test('a good version goes canary, rest, and succeeds', () => {
  const world = new World(names, quick)
  world.next = measured(0.98)
  world.running = measured(0.97)
  world.look()
  assert.deepEqual(
    world.status.waves?.map((wave) => [wave.name, wave.sites, wave.state]),
    [
      ['canary', ['a'], 'Updating'],
      ['rest', ['b', 'c', 'd', 'e'], 'Waiting'],
    ],
  )
  assert.equal(world.site('b').assigned?.profileRevision, 'p-v1')
  world.steps(8)
  assert.equal(world.status.phase, 'Succeeded')
  assert.equal(world.status.progress, '5/5')
  assert.ok(world.sites.every((site) => site.runs === 'v2'))
  assert.deepEqual(world.events, [
    'WaveStarted',
    'RolloutStarted',
    'WavePassed',
    'WaveStarted',
    'WavePassed',
    'Succeeded',
  ])
})

test('a worse version is stopped at the canary during its soak and goes back', () => {
  const world = new World(names, { ...quick, soakSeconds: 600 })
  world.running = measured(0.98)
  world.steps(2)
  assert.equal(world.status.waves?.[0]?.state, 'Soaking')
  world.next = measured(0.93)
  world.look()
  assert.equal(world.status.phase, 'RollingBack')
  assert.equal(world.site('a').assigned?.profileRevision, 'p-v1')
  world.steps(2)
  assert.equal(world.status.phase, 'RolledBack')
  assert.match(
    world.status.message ?? '',
    /Wave canary failed\. Accuracy of digits v2 is 93 % .* against 98 % .*lower at 95 % confidence\. Rolled back 1 site to p-v1\./,
  )
  assert.equal(world.stateOf('a'), 'RolledBack')
  assert.equal(world.stateOf('b'), 'Skipped')
  assert.ok(world.sites.every((site) => site.runs === 'v1'))
})

test('not enough data is never a pass: the wave waits, then pauses, and resume waits on', () => {
  const world = new World(names, quick)
  world.steps(10)
  assert.equal(world.status.phase, 'Progressing')
  assert.equal(world.status.gates?.[0]?.verdict, 'NotEnoughData')
  world.steps(40)
  assert.equal(world.status.phase, 'Paused')
  assert.match(world.status.message ?? '', /could not be judged within 60 s/)
  world.control({ action: 'Run' })
  world.look()
  assert.equal(world.status.phase, 'Progressing')
  world.next = measured(0.98)
  world.running = measured(0.98)
  world.steps(10)
  assert.equal(world.status.phase, 'Succeeded')
})

test('offline sites are parked, never block and never fail, and catch up afterwards', () => {
  const world = new World(names, quick)
  world.next = measured(0.98)
  world.running = measured(0.98)
  world.site('a').connectivity = 'Offline'
  world.site('d').connectivity = 'Never'
  world.steps(8)
  assert.equal(world.status.phase, 'Succeeded')
  assert.deepEqual(world.status.waves?.[0]?.sites, ['b'], 'the canary is one that is online')
  assert.deepEqual([world.status.updated, world.status.parked, world.status.failed], [3, 2, 0])
  assert.equal(world.site('a').assigned?.profileRevision, 'p-v2', 'waits for it at the hub')
  world.site('a').connectivity = 'Online'
  world.steps(2)
  assert.equal(world.stateOf('a'), 'Updated')
  assert.equal(world.status.phase, 'Succeeded')
  assert.equal(world.status.progress, '4/5')
  assert.equal(world.status.message, '4 sites of 5 updated. 1 site offline will catch up.')
})

test('a canary that goes offline is replaced by the next site that is online', () => {
  const world = new World(names, { ...quick, siteTimeoutSeconds: 10 })
  world.look()
  world.site('a').connectivity = 'Offline'
  world.wait(100).look()
  assert.equal(world.stateOf('a'), 'Parked')
  assert.deepEqual(world.status.waves?.[0]?.sites, ['a', 'b'])
  assert.equal(world.stateOf('b'), 'Updating')
  assert.match(world.status.message ?? '', /offline: b instead/)
})

test('with nobody online the canary waits', () => {
  const world = new World(names, quick)
  for (const site of world.sites) site.connectivity = 'Offline'
  world.steps(100)
  assert.equal(world.status.phase, 'Progressing')
  assert.match(world.status.message ?? '', /No site of the fleet is online/)
  world.next = measured(0.98)
  world.running = measured(0.98)
  for (const site of world.sites) site.connectivity = 'Online'
  world.steps(8)
  assert.equal(world.status.phase, 'Succeeded')
})

test('a site that fails stops the wave; what failed is not tried again until a retry', () => {
  const world = new World(names, quick)
  world.next = measured(0.98)
  world.running = measured(0.98)
  world.site('a').breaks = true
  world.steps(3)
  assert.equal(world.status.phase, 'RolledBack')
  assert.match(
    world.status.message ?? '',
    /failed at 1 site, 0 allowed: a: layer m: does not start/,
  )
  world.control({ retries: 1 })
  world.steps(3)
  assert.equal(world.status.phase, 'RolledBack', 'it still breaks')
  assert.equal(world.site('a').failed.at(-1)?.attempt, 1)
  world.site('a').breaks = false
  world.control({ retries: 2 })
  world.steps(10)
  assert.equal(world.status.phase, 'Succeeded')
})

test('content that already failed at the site in this attempt fails the site at once', () => {
  const world = new World(names, quick)
  world.site('a').failed.push({ layer: 'm', digest: 'v2', attempt: 0, message: 'crashed' })
  world.look()
  assert.equal(world.status.phase, 'RolledBack')
  assert.equal(world.site('a').assigned?.profileRevision, 'p-v1', 'it was never asked')
})

test('failed sites within the budget are tolerated', () => {
  const world = new World(names, { ...quick, maxFailedSites: 1, canary: { sites: 2 } })
  world.next = measured(0.98)
  world.running = measured(0.98)
  world.site('a').breaks = true
  world.steps(10)
  assert.equal(world.status.phase, 'Succeeded')
  assert.equal(world.status.failed, 1)
})

test('a connected site that does nothing has failed after its time', () => {
  const world = new World(names, quick)
  world.look().wait(31).steps(1)
  assert.equal(world.status.phase, 'RolledBack')
  assert.match(world.status.message ?? '', /has not applied the change after 30 s/)
})

test('onFailure Pause keeps the sites, RollBackWave keeps the waves that passed', () => {
  const waves = { waves: [{ name: 'half', percent: 50 }] }
  for (const onFailure of ['Pause', 'RollBackWave'] as const) {
    const world = new World(names, { ...quick, ...waves, onFailure })
    world.next = measured(0.98)
    world.running = measured(0.98)
    while (world.status.wave !== 'half') world.steps(1)
    world.next = measured(0.9)
    world.steps(3)
    assert.equal(world.status.phase, onFailure === 'Pause' ? 'Paused' : 'RolledBack')
    const isOnNext = world.sites.filter((site) => site.runs === 'v2').map((site) => site.name)
    assert.deepEqual(isOnNext, onFailure === 'Pause' ? ['a', 'b', 'c', 'd'] : ['a'])
    world.control({ action: 'Run' })
    world.look()
    assert.notEqual(world.status.phase, 'Progressing', 'resume is no way round a failed gate')
  }
})

test('pause asks nobody new, resume goes on, abort goes back', () => {
  const world = new World(names, quick)
  world.next = measured(0.98)
  world.running = measured(0.98)
  world.look()
  world.control({ action: 'Pause', by: 'ada', reason: 'lunch' })
  world.steps(20)
  assert.equal(world.status.phase, 'Paused')
  assert.match(world.status.message ?? '', /Paused by ada: lunch/)
  assert.equal(world.stateOf('a'), 'Updated')
  assert.equal(world.stateOf('b'), 'Waiting')
  world.control({ action: 'Run' })
  world.look()
  assert.equal(world.status.phase, 'Progressing')
  world.control({ action: 'Abort', by: 'ada', reason: 'wrong file' })
  world.steps(3)
  assert.equal(world.status.phase, 'Aborted')
  assert.match(world.status.message ?? '', /Aborted by ada: wrong file\. Rolled back 1 site/)
  assert.ok(world.sites.every((site) => site.runs === 'v1'))
})

test('the first rollout of a fleet goes to all at once; one without sites succeeds', () => {
  const world = new World(names, quick, null)
  world.site('e').connectivity = 'Never'
  world.look()
  assert.equal(world.status.waves?.length, 1)
  assert.match(world.status.message ?? '', /without canary, soak or gates/)
  world.steps(2)
  assert.equal(world.status.phase, 'Succeeded')
  assert.equal(world.site('e').assigned?.profileRevision, 'p-v2')
  assert.equal(new World([], quick, null).look().status.phase, 'Succeeded')
})

test('a first rollout that fails says that there is nothing to go back to', () => {
  const world = new World(names, quick, null)
  world.site('c').breaks = true
  world.steps(3)
  assert.equal(world.status.phase, 'Failed')
  assert.match(world.status.message ?? '', /no other revision to go back to/)
  world.site('c').breaks = false
  world.control({ retries: 1 })
  world.steps(3)
  assert.equal(world.status.phase, 'Succeeded')
})

test('a return to the revision that passed its gates needs no gates', () => {
  const world = new World(names, { ...quick, soakSeconds: 600 }, 'p-v2')
  world.site('a').runs = 'v1'
  world.look()
  assert.match(world.status.message ?? '', /Return to p-v2, which has passed its gates before/)
  world.steps(2)
  assert.equal(world.status.phase, 'Succeeded')
  assert.ok(world.sites.every((site) => site.runs === 'v2'))
})

test('a newer rollout supersedes; sites keep what they have', () => {
  const world = new World(names, quick)
  world.look().obey()
  world.newer = 'depots-2'
  world.look()
  assert.equal(world.status.phase, 'Superseded')
  assert.equal(world.site('a').assigned?.profileRevision, 'p-v2')
  assert.equal(world.stateOf('b'), 'Skipped')
})

test('a site that a superseded rollout left on something ungated goes back with the others', () => {
  const world = new World(names, { ...quick, soakSeconds: 600 })
  world.site('e').assigned = { profileRevision: 'p-v1b', attempt: 3 }
  world.steps(2)
  world.running = measured(0.98)
  world.next = measured(0.9)
  world.steps(3)
  assert.equal(world.status.phase, 'RolledBack')
  assert.deepEqual(world.site('e').assigned, { profileRevision: 'p-v1', attempt: 3 })
})

test('sites may leave and join on the way', () => {
  const world = new World(names, quick)
  world.next = measured(0.98)
  world.running = measured(0.98)
  world.look()
  world.sites = world.sites.filter((site) => site.name !== 'c')
  world.sites.push({ ...world.site('b'), name: 'f' })
  world.steps(10)
  assert.equal(world.status.phase, 'Succeeded')
  assert.deepEqual(
    world.status.sites?.map((site) => [site.name, site.state]),
    ['a', 'b', 'd', 'e', 'f'].map((name) => [name, 'Updated']),
  )
})

test('a site that was changed and is offline when it all goes back, goes back when it returns', () => {
  const world = new World(names, { ...quick, soakSeconds: 600 })
  world.running = measured(0.98)
  world.steps(2)
  world.site('a').connectivity = 'Offline'
  world.next = measured(0.9)
  world.steps(2)
  assert.equal(world.status.phase, 'RolledBack')
  assert.equal(world.stateOf('a'), 'Parked')
  assert.equal(world.site('a').assigned?.profileRevision, 'p-v1')
  world.site('a').connectivity = 'Online'
  world.steps(2)
  assert.equal(world.stateOf('a'), 'RolledBack')
})

const reactions = ['Pause', 'RollBackWave', 'RollBackAll'] as const

function shake(world: World, random: Random): void {
  const pick = <T>(items: readonly T[]) => items[Math.floor(random.next() * items.length)]!
  const chance = (share: number) => random.next() < share
  if (chance(0.2)) pick(world.sites).connectivity = pick(['Online', 'Offline', 'Online'] as const)
  if (chance(0.03)) pick(world.sites).breaks = chance(0.5)
  if (chance(0.1)) world.next = measured(pick([0.98, 0.98, 0.98, 0.9]), pick([0, 50, 1000]))
  if (chance(0.03)) world.control({ action: pick(['Pause', 'Run', 'Run', 'Abort'] as const) })
  if (chance(0.03))
    world.control({ action: 'Run', retries: world.rollout.spec.control.retries + 1 })
  if (chance(0.7)) world.obey()
  world.wait(pick([0, 1, 2, 5, 40]))
}

function checkWalk(world: World, sawFail: boolean, where: string): void {
  const { status } = world
  for (const site of world.sites)
    if (site.assigned?.profileRevision === 'p-v2' && status.phase !== 'Succeeded')
      assert.ok(world.reached.has(site.name), `${where}: ${site.name} moved before its wave`)
  for (const site of status.sites ?? []) {
    const { connectivity, failed } = world.site(site.name)
    if (site.state === 'Updating' || site.state === 'RollingBack')
      assert.equal(connectivity, 'Online', `${where}: ${site.name} is ${site.state} while offline`)
    if (site.state === 'Failed' && connectivity !== 'Online' && failed.length === 0)
      assert.match(site.message ?? '', /after \d+ s/, `${where}: ${site.name} failed by absence`)
  }
  if (status.phase === 'Succeeded')
    assert.ok(!sawFail, `${where}: succeeded although a gate had failed`)
  if (status.phase === 'RolledBack' && world.rollout.spec.policy.onFailure === 'RollBackAll')
    for (const site of world.sites)
      assert.notEqual(site.assigned?.profileRevision, 'p-v2', `${where}: ${site.name} left behind`)
}

test('a hundred and twenty random walks keep the invariants', () => {
  for (let seed = 1; seed <= 120; seed += 1) {
    const random = seededRandom(seed)
    const world = new World([...names, 'f', 'g'].slice(0, 2 + (seed % 6)), {
      ...quick,
      waves: seed % 2 === 0 ? [{ name: 'half', percent: 50 }] : [],
      maxFailedSites: seed % 3 === 0 ? 1 : 0,
      onFailure: reactions[seed % 3],
    })
    world.running = measured(0.98)
    let failedAt = -1
    for (let step = 0; step < 60; step += 1) {
      shake(world, random)
      world.look()
      const attempt = world.status.handledRetries ?? 0
      if (world.status.gates?.some((gate) => gate.verdict === 'Fail')) failedAt = attempt
      checkWalk(world, failedAt === attempt, `seed ${seed} step ${step}`)
    }
  }
})
