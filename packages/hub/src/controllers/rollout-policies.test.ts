import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modelKind } from '@skerry/api/kinds/model'
import { profileKind } from '@skerry/api/kinds/profile'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import { createWorld } from '../../integration/controllers-world.ts'
import { controlFor } from '../extensions/rollout-verbs.ts'

// The decision is tested in packages/rollout; here, that the hub feeds and obeys it.

const names = ['aarhus', 'bergen', 'cork']
const key = (name: string) => ({ namespace: 'default', name })
const plain = { canary: { sites: 0 }, soakSeconds: 0, gates: [] }
/** The world begins at 12:00 UTC. */
const fromOne = { install: [{ cron: '0 13 * * *', durationMinutes: 60 }] }

async function startedWorld(policy: object) {
  const world = await createWorld(names)
  await world.setVariable('LINE', '7')
  await world.state.create(modelKind, { metadata: key('digits'), spec: {} })
  await world.pushModel('v1')
  await world.createProfile()
  await world.createFleet({ ...plain, ...policy })
  await world.run(8)
  return world
}
type Started = Awaited<ReturnType<typeof startedWorld>>

const versions = (world: Started) => world.sites.map((site) => site.version)
const message = async (world: Started, site: string) =>
  (await world.rollout())?.status?.sites?.find(({ name }) => name === site)?.message

async function setSpec(world: Started, name: string, timeZone: string): Promise<void> {
  const site = await world.site(name)
  await world.state.update(siteKind, { ...site, spec: { ...site.spec, timeZone } })
}

test('sites change in their windows, each by its own clock', async () => {
  await using world = await startedWorld({ windows: fromOne })
  assert.deepEqual(versions(world), ['v1', 'v1', 'v1'], 'where nothing runs nothing waits')
  await setSpec(world, 'bergen', 'Europe/Oslo')
  await world.pushModel('v2')
  await world.run(8)
  assert.deepEqual(versions(world), ['v1', 'v2', 'v1'], 'in Oslo it is past one')
  assert.match((await message(world, 'cork')) ?? '', /opens 2026-11-21T13:00:00Z/)
  await world.clock.advance(3_600_000)
  await world.run(8)
  assert.deepEqual(versions(world), ['v2', 'v2', 'v2'])
  assert.equal((await world.rollout())?.status?.phase, 'Succeeded')
})

test('a site that comes back after its rollout is looked at again when its window opens', async () => {
  await using world = await startedWorld({ windows: fromOne })
  await setSpec(world, 'cork', 'Asia/Tokyo')
  await world.clock.advance(3_600_000)
  await world.sites[2]!.disconnect()
  await world.pushModel('v2')
  await world.run(8)
  assert.equal((await world.rollout())?.status?.phase, 'Succeeded')
  await world.sites[2]!.connect()
  await world.run(4)
  assert.equal(world.sites[2]!.version, 'v1')
  assert.match((await message(world, 'cork')) ?? '', /opens 2026-11-22T04:00:00Z/)
  await world.clock.advance(15 * 3_600_000)
  await world.run(4)
  assert.equal(world.sites[2]!.version, 'v2')
})

test('a profile labelled as a security fix heeds no window', async () => {
  await using world = await startedWorld({ windows: { ...fromOne, ignoredForLabel: 'security' } })
  const profile = (await world.state.get(profileKind, key('sorting')))!
  const metadata = { ...profile.metadata, labels: { security: 'true' } }
  await world.state.update(profileKind, { ...profile, metadata })
  await world.pushModel('v2')
  await world.run(8)
  assert.deepEqual(versions(world), ['v2', 'v2', 'v2'])
})

test('with a budget of one the sites change one after the other', async () => {
  await using world = await startedWorld({ budgets: [{ maxSites: 1 }] })
  await world.pushModel('v2')
  const seen = new Set<string>()
  for (let second = 0; second < 20; second += 1) {
    await world.run(1)
    seen.add(versions(world).join(' '))
  }
  for (const state of ['v1 v1 v1', 'v2 v1 v1', 'v2 v2 v1', 'v2 v2 v2'])
    assert.ok(seen.has(state), `${state} was never seen: ${[...seen].join('; ')}`)
})

test('a revision that queues waits for the rollout under way, and goes back to where that one ended', async () => {
  await using world = await startedWorld({ onNewRevision: 'Queue', soakSeconds: 30 })
  await world.pushModel('v2')
  await world.run(8)
  const first = (await world.rollout())!
  await world.pushModel('v3')
  await world.run(4)
  assert.equal((await world.rollout())?.metadata.name, first.metadata.name)
  const ready = (await world.fleet()).status?.conditions?.find(({ type }) => type === 'Reconciling')
  assert.match(ready?.message ?? '', /waits until rollout .* is over/)
  await world.run(60)
  const second = (await world.rollout())!
  assert.notEqual(second.metadata.name, first.metadata.name)
  assert.equal(second.spec.previousRevision, first.spec.revision)
  assert.equal((await world.state.get(rolloutKind, first.metadata))?.status?.phase, 'Succeeded')
})

test('two people let a wave go', async () => {
  await using world = await startedWorld({ rest: { approvals: 2 } })
  await world.pushModel('v2')
  await world.run(6)
  const approve = async (by: string) => {
    const rollout = (await world.rollout())!
    const asked = { body: { wave: 'rest' }, by, nowMs: world.clock.now() }
    const control = controlFor(rollout, 'approve', asked)
    await world.state.update(rolloutKind, { ...rollout, spec: { ...rollout.spec, control } })
    await world.run(4)
  }
  await approve('ada')
  assert.deepEqual(versions(world), ['v1', 'v1', 'v1'])
  await approve('bob')
  assert.deepEqual(versions(world), ['v2', 'v2', 'v2'])
})

test('a profile that is deleted on the way stops its rollout, and sites keep what they have', async () => {
  await using world = await startedWorld({ rest: { approvals: 1 } })
  await world.pushModel('v2')
  await world.run(6)
  await world.state.delete(profileKind, key('sorting'))
  await world.run(6)
  const rollout = (await world.rollout())!
  assert.equal(rollout.status?.phase, 'Paused')
  assert.match(rollout.status?.message ?? '', /does not exist any more/)
  assert.deepEqual(versions(world), ['v1', 'v1', 'v1'])
})

test('what may be fetched ahead is fetched before the window to install opens', async () => {
  await using world = await startedWorld({
    windows: { ...fromOne, download: [{ cron: '30 12 * * *', durationMinutes: 90 }] },
  })
  await world.pushModel('v2')
  await world.run(6)
  assert.equal(world.sites[0]!.spec?.prefetch?.isOpen, false)
  await world.clock.advance(1_800_000)
  await world.run(6)
  const [site] = world.sites
  assert.equal(site!.spec?.prefetch?.isOpen, true)
  assert.deepEqual(
    site!.spec.prefetch.layers.map(({ model }) => model?.version),
    ['v2'],
  )
  assert.equal((await world.site('aarhus')).status?.fetched?.length, 1)
  assert.deepEqual(versions(world), ['v1', 'v1', 'v1'])
  const stored = await world.store.specs.get((await world.site('aarhus')).metadata.uid)
  assert.ok(stored?.blobs.includes(site!.spec.prefetch.layers[0]!.digest), 'it may be fetched')
  await world.clock.advance(1_800_000)
  await world.run(8)
  assert.deepEqual(versions(world), ['v2', 'v2', 'v2'])
  assert.equal(site!.spec?.prefetch, undefined)
})
