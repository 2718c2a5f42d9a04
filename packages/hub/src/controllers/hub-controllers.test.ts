import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventKind, namespaceKind } from '@skerry/api/kinds/core'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { modelKind } from '@skerry/api/kinds/model'
import { profileKind, profileRevisionKind } from '@skerry/api/kinds/profile'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import { describeGraph, ownershipProblems } from '@skerry/controller/describe-graph'
import { createWorld } from '../../integration/controllers-world.ts'
import { controlFor } from '../extensions/rollout-verbs.ts'
import { noCredentials } from '../trust/hub-credentials.ts'
import { createHubControllers } from './hub-controllers.ts'

const names = ['aarhus', 'bergen', 'cork']
const key = (name: string) => ({ namespace: 'default', name })

async function startedWorld(policy: object = {}) {
  const world = await createWorld(names)
  await world.setVariable('LINE', '7')
  await world.state.create(modelKind, { metadata: key('digits'), spec: {} })
  await world.pushModel('v1')
  await world.createProfile()
  await world.createFleet(policy)
  await world.run(12)
  return world
}

const versions = (world: Awaited<ReturnType<typeof createWorld>>) =>
  world.sites.map((site) => site.version)

test('no two controllers own one field, and the graph says who does what', async () => {
  await using world = await createWorld([])
  const { store, clock } = world
  const sign = () => ({ payloadType: '', payload: '', signatures: [] })
  const controllers = createHubControllers({ store, sign, clock, credentials: noCredentials })
  assert.deepEqual(ownershipProblems(controllers), [])
  assert.match(
    describeGraph(controllers),
    /site-spec\n {2}reads Site, ProfileRevision\n {2}owns {2}Site\.status\.desired\n/,
  )
})

test('the first version goes to all sites at once; v2 passes its gates', async () => {
  await using world = await startedWorld()
  assert.deepEqual(versions(world), ['v1', 'v1', 'v1'])
  assert.equal((await world.rollout())?.status?.phase, 'Succeeded')
  const site = await world.site('bergen')
  assert.equal(site.status?.sync, 'Synced')
  assert.equal(site.status?.models, 'digits v1')
  assert.equal(site.status?.connectivity, 'Online')
  assert.deepEqual(world.sites[0]?.applied?.layers[1]?.workload?.command, ['feed', '7'])
  await world.run(60)

  await world.pushModel('v2')
  await world.run(4)
  const started = (await world.rollout())!
  assert.equal(started.status?.phase, 'Progressing')
  assert.deepEqual(versions(world), ['v2', 'v1', 'v1'])
  const seconds = await world.run(
    300,
    async () => (await world.rollout())?.status?.phase === 'Succeeded',
  )
  const done = (await world.rollout())!
  assert.equal(done.status?.phase, 'Succeeded', done.status?.message)
  assert.ok(seconds < 200, `${seconds} s`)
  assert.deepEqual(versions(world), ['v2', 'v2', 'v2'])
  await world.run(5)
  const fleet = await world.fleet()
  assert.equal(fleet.status?.currentRevision, done.spec.revision)
  assert.deepEqual([fleet.status?.sites, fleet.status?.synced], [3, 3])
  assert.deepEqual(world.problems, [])
})

test('v3 is caught at the canary by its accuracy and rolled back, v4 by its latency', async () => {
  await using world = await startedWorld()
  await world.pushModel('v2')
  const isOver = async () => (await world.rollout())?.status?.finishedTime !== undefined
  await world.run(3)
  await world.run(300, isOver)
  await world.run(60)
  for (const [version, pattern] of [
    [
      'v3',
      /Wave canary failed\. Accuracy of digits v3 is .* of the running version: lower at 95 %/,
    ],
    ['v4', /99th percentile of the latency of digits v4 is .* above 25 ms/],
  ] as const) {
    await world.pushModel(version)
    await world.run(3)
    assert.deepEqual(versions(world), [version, 'v2', 'v2'])
    const seconds = await world.run(200, isOver)
    const rollout = (await world.rollout())!
    assert.equal(rollout.status?.phase, 'RolledBack', rollout.status?.message)
    assert.match(rollout.status?.message ?? '', pattern)
    assert.match(rollout.status?.message ?? '', /Rolled back 1 site to sorting-/)
    assert.ok(seconds < 100, `${version}: ${seconds} s`)
    await world.run(5)
    assert.deepEqual(versions(world), ['v2', 'v2', 'v2'])
    assert.equal((await world.site('aarhus')).status?.sync, 'Synced')
  }
  const { items } = await world.state.list(eventKind)
  const reasons = new Set(items.map(({ reason }) => reason))
  for (const reason of ['WaveStarted', 'RollingBack', 'RolledBack', 'Succeeded'])
    assert.ok(reasons.has(reason), reason)
  assert.equal((await world.fleet()).status?.synced, 3)
})

test('content that fails at a site is rolled back, not tried again, and tried again by retry', async () => {
  await using world = await startedWorld()
  await world.pushModel('v5')
  await world.run(10)
  const rollout = (await world.rollout())!
  assert.equal(rollout.status?.phase, 'RolledBack')
  assert.match(rollout.status?.message ?? '', /aarhus: layer digits: self-test failed/)
  assert.equal((await world.site('aarhus')).status?.failed?.length, 1)
  const asked = { body: { reason: 'mended' }, by: 'ada', nowMs: world.clock.now() }
  const control = controlFor(rollout, 'retry', asked)
  await world.state.update(rolloutKind, { ...rollout, spec: { ...rollout.spec, control } })
  await world.run(10)
  const failed = (await world.site('aarhus')).status?.failed ?? []
  assert.deepEqual(
    failed.map(({ attempt }) => attempt),
    [0, 1],
  )
})

test('a site that is offline is parked, and catches up when it returns', async () => {
  await using world = await startedWorld()
  await world.run(60)
  await world.sites[2]!.disconnect()
  await world.pushModel('v2')
  await world.run(3)
  await world.run(300, async () => (await world.rollout())?.status?.finishedTime !== undefined)
  const rollout = (await world.rollout())!
  assert.equal(rollout.status?.phase, 'Succeeded', rollout.status?.message)
  assert.deepEqual([rollout.status?.updated, rollout.status?.parked], [2, 1])
  assert.equal((await world.site('cork')).status?.sync, 'Parked')
  await world.sites[2]!.connect()
  await world.run(4)
  assert.equal(world.sites[2]!.version, 'v2')
  assert.equal((await world.rollout())?.status?.progress, '3/3')
  assert.equal((await world.site('cork')).status?.sync, 'Synced')
})

test('a missing variable makes no spec, and the site says why', async () => {
  await using world = await createWorld(['aarhus'])
  await world.pushModel('v1')
  await world.createProfile()
  await world.createFleet()
  await world.run(5)
  const rollout = await world.rollout()
  assert.equal(rollout?.status?.phase, 'Failed')
  assert.match(rollout?.status?.message ?? '', /no value for \$\{site\.LINE\}/)
  assert.equal(world.sites[0]?.spec, undefined)
})

test('a site that joins gets the current revision; one that leaves gets nothing any more', async () => {
  await using world = await startedWorld()
  const site = await world.addSite('derry')
  const object = await world.site('derry')
  await world.state.update(siteKind, {
    ...object,
    spec: { ...object.spec, variables: { LINE: '9' } },
  })
  await world.run(4)
  assert.equal(site.version, 'v1')
  const fleet = await world.fleet()
  await world.state.delete(fleetKind, fleet.metadata)
  await world.run(4)
  assert.deepEqual((await world.site('derry')).status?.assigned, [])
  assert.deepEqual(site.applied?.layers, [])
  assert.deepEqual((await world.state.list(rolloutKind)).items, [], 'its rollouts go with it')
})

test('two fleets that give one layer to one site are told, and neither makes a rollout', async () => {
  await using world = await startedWorld()
  const fleet = await world.fleet()
  await world.state.create(fleetKind, {
    metadata: { name: 'other', namespace: 'default' },
    spec: fleet.spec,
  })
  await world.run(2)
  const other = await world.state.get(fleetKind, key('other'))
  const conflict = other?.status?.conditions?.find((each) => each.type === 'OwnerConflict')
  assert.equal(conflict?.status, 'True')
  assert.match(conflict?.message ?? '', /Layer digits comes to site aarhus from fleet depots too/)
  assert.equal((await world.state.list(rolloutKind)).items.length, 1)
})

test('a hub that died without a word leaves its sites offline after the grace', async () => {
  await using world = await createWorld(['aarhus'])
  await world.clock.advance(1000)
  assert.equal((await world.site('aarhus')).status?.connectivity, 'Online')
  await world.clock.advance(95_000)
  assert.equal((await world.site('aarhus')).status?.connectivity, 'Offline')
  await world.sites[0]!.report()
  assert.equal((await world.site('aarhus')).status?.connectivity, 'Online')
})

test('a site that comes and goes quickly ends as what it did last', async () => {
  await using world = await createWorld(['aarhus'])
  const [site] = world.sites
  const done: Promise<void>[] = []
  for (let time = 0; time < 5; time += 1)
    done.push(site!.disconnect(), site!.connect(), site!.report())
  done.push(site!.disconnect())
  await Promise.all(done)
  assert.equal((await world.site('aarhus')).status?.connectivity, 'Offline')
})

test('deleting a profile takes its revisions with it; a namespace takes all', async () => {
  await using world = await startedWorld()
  assert.equal((await world.state.list(profileRevisionKind)).items.length, 1)
  await world.state.delete(profileKind, key('sorting'))
  await world.clock.advance(1000)
  assert.equal((await world.state.list(profileRevisionKind)).items.length, 0)
  await world.state.delete(namespaceKind, { name: 'default' })
  const find = () => world.state.get(namespaceKind, { name: 'default' })
  await world.run(10, async () => (await find()) === undefined)
  assert.equal((await world.state.list(siteKind)).items.length, 0)
  assert.equal(await find(), undefined)
})

test('an owner in the foreground waits for its dependents; orphans stay', async () => {
  for (const propagationPolicy of ['Foreground', 'Orphan'] as const) {
    await using world = await startedWorld()
    await world.state.delete(profileKind, key('sorting'), { propagationPolicy })
    await world.clock.advance(2000)
    assert.equal(await world.state.get(profileKind, key('sorting')), undefined)
    const left = (await world.state.list(profileRevisionKind)).items
    assert.equal(left.length, propagationPolicy === 'Orphan' ? 1 : 0)
  }
})

test('a settled world is left alone: nothing is written when nothing changes', async () => {
  await using world = await startedWorld()
  await world.run(5)
  const before = (await world.state.list(siteKind)).resourceVersion
  await world.clock.advance(20_000)
  assert.equal((await world.state.list(siteKind)).resourceVersion, before)
})
