import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mustQueue } from '../meet-rollout.ts'
import { type Case, playCases } from '../testing/rollout-case.ts'
import { World } from '../testing/rollout-world.ts'

const soaking = { canary: { sites: 1 }, soakSeconds: 100 }

function without(world: World, name: string): World {
  world.sites = world.sites.filter((site) => site.name !== name)
  return world
}
function replace(world: World, name: string, online = true): World {
  return world.set(name, {
    assigned: undefined,
    runs: undefined,
    failed: [],
    connectivity: online ? 'Online' : 'Never',
  })
}

const newer: Record<string, Case> = {
  'a newer rollout ends this one at once, and sites keep what they have': {
    policy: soaking,
    play: (world) => {
      world.steps(1).newer = 'depots-2'
      world.look()
    },
    phase: 'Superseded',
    states: 'a=Updated b=Skipped',
    says: { b: /was not reached before rollout depots-1 ended: depots-2 is newer/ },
  },
  'a newer rollout ends one that goes back as well': {
    policy: soaking,
    play: (world) => {
      world.steps(1).control({ action: 'Abort' })
      world.set('a', { takes: 9 }).look().newer = 'depots-2'
      world.look()
    },
    phase: 'Superseded',
  },
  'what is over stays what it was when a newer one comes': {
    play: (world) => {
      world.steps(2).newer = 'depots-2'
      world.look()
    },
    phase: 'Succeeded',
  },
  'a rollout that merges begins at the sites that the other one has changed': {
    policy: { ...soaking, onNewRevision: 'Merge' },
    play: (world) =>
      world.set('c d', { assigned: { profileRevision: 'p-v1b', attempt: 0 } }).look(),
    states: 'a=Waiting b=Waiting c=Updating d=Updating',
    says: { a: /is in wave rest, which is next after taken-over/ },
  },
  'the wave that was taken over soaks like a canary': {
    policy: { ...soaking, onNewRevision: 'Merge' },
    play: (world) =>
      world.set('c d', { assigned: { profileRevision: 'p-v1b', attempt: 0 } }).steps(3),
    states: 'a=Waiting c=Updated d=Updated',
    message: /Wave taken-over soaks/,
  },
  'a rollout that merges with nothing has its own canary': {
    policy: { ...soaking, onNewRevision: 'Merge' },
    play: (world) => world.look(),
    states: 'a=Updating b=Waiting',
  },
  'a rollout that supersedes has its own canary, wherever the other one was': {
    policy: soaking,
    play: (world) =>
      world.set('c d', { assigned: { profileRevision: 'p-v1b', attempt: 0 } }).look(),
    states: 'a=Updating c=Waiting d=Waiting',
  },
  'where the other one was, going back means the last revision that passed': {
    policy: { ...soaking, onNewRevision: 'Merge' },
    play: (world) => {
      world.set('c d', { assigned: { profileRevision: 'p-v1b', attempt: 0 } }).steps(2)
      world.control({ action: 'Abort' })
      world.steps(2)
      assert.equal(world.site('c').assigned?.profileRevision, 'p-v1')
    },
    phase: 'Aborted',
    states: 'c=RolledBack d=RolledBack',
  },
}

const sites: Record<string, Case> = {
  'a site that is relabelled out of the fleet is no longer of the rollout': {
    policy: soaking,
    play: (world) => without(world.look(), 'c').look(),
    states: 'c=Gone a=Updating',
    says: { c: /has nothing to do with rollout depots-1: fleet depots does not select it/ },
  },
  'a canary that leaves the fleet ends its wave': {
    policy: soaking,
    play: (world) => without(world.look(), 'a').steps(2),
    states: 'a=Gone b=Updated',
  },
  'a site that is relabelled into the fleet joins the last wave': {
    policy: soaking,
    play: (world) => {
      world.look().sites.push({ ...new World(['e']).site('e') })
      world.look()
    },
    states: 'e=Waiting',
    says: { e: /is in wave rest/ },
  },
  'a site that joins a wave under way goes along with it': {
    policy: { soakSeconds: 100 },
    play: (world) => {
      world.steps(2).sites.push({ ...new World(['e']).site('e') })
      world.look()
    },
    states: 'e=Updating',
  },
  'a site that is relabelled within the fleet stays in its wave': {
    policy: {
      waves: [{ name: 'gold', selector: { matchLabels: { tier: 'gold' } } }],
      soakSeconds: 100,
    },
    play: (world) =>
      world
        .set('a', { labels: { tier: 'gold' } })
        .look()
        .set('b', { labels: { tier: 'gold' } })
        .look(),
    states: 'a=Updating b=Waiting',
  },
  'a site that is deleted takes nothing with it': {
    play: (world) => without(world.look(), 'a').steps(2),
    phase: 'Succeeded',
    message: /3 sites of 3 updated/,
  },
  'when all sites are deleted the rollout succeeds with none': {
    play: (world) => {
      world.look().sites = []
      world.look()
    },
    phase: 'Succeeded',
    message: /has no sites yet/,
  },
  'a site that is replaced after it was updated begins anew': {
    policy: { soakSeconds: 100 },
    play: (world) => replace(world.steps(2), 'b').look(),
    states: 'a=Updated b=Updating',
    says: { b: /was replaced and begins anew/ },
  },
  'a site that is replaced after it failed begins anew': {
    policy: { maxFailedSites: 1 },
    play: (world) => {
      world.set('b', { breaks: true }).steps(2)
      replace(world.set('b', { breaks: false }), 'b').steps(2)
    },
    states: 'b=Updated',
  },
  'a site that is replaced and was never there is parked': {
    policy: { soakSeconds: 100 },
    play: (world) => replace(world.steps(2), 'b', false).look(),
    states: 'b=Parked',
  },
}

const fleets: Record<string, Case> = {
  'a site that another fleet is changing waits until that is done': {
    play: (world) => world.set('a', { busyWith: 'tills' }).look(),
    states: 'a=Waiting/OtherFleet b=Updating',
    says: { a: /Site a waits: fleet tills is changing it\./ },
  },
  'it is asked as soon as the other fleet is done': {
    play: (world) =>
      world.set('a', { busyWith: 'tills' }).look().set('a', { busyWith: undefined }).look(),
    states: 'a=Updating',
  },
  'a site that another fleet is changing goes back after that': {
    policy: { soakSeconds: 100 },
    play: (world) => {
      world.steps(2).set('a', { busyWith: 'tills' }).control({ action: 'Abort' })
      world.look()
    },
    states: 'a=RollingBack/OtherFleet b=RollingBack',
    says: { a: /has to go back and waits: fleet tills is changing it/ },
  },
}

const profiles: Record<string, Case> = {
  'a revision that is deleted on the way stops the rollout, and sites keep what they have': {
    policy: soaking,
    play: (world) => {
      world.steps(1).isRevisionGone = true
      world.look()
    },
    phase: 'Paused',
    states: 'a=Updated b=Waiting',
    message: /ProfileRevision p-v2 does not exist any more/,
  },
  'when the revision is back the rollout goes on by itself': {
    policy: soaking,
    play: (world) => {
      world.steps(1).isRevisionGone = true
      world.look().isRevisionGone = false
      world.look()
    },
    phase: 'Progressing',
  },
  'a rollout whose revision is gone can be aborted': {
    policy: soaking,
    play: (world) => {
      world.steps(1).isRevisionGone = true
      world.look().control({ action: 'Abort' })
      world.steps(2)
    },
    phase: 'Aborted',
    states: 'a=RolledBack',
  },
}

/** The hub knows what it knew before the rollout began; the sites know better. */
function restore(world: World): World {
  const { status: _, ...rollout } = world.rollout
  world.rollout = rollout
  for (const site of world.sites) site.assigned = { profileRevision: 'p-v1', attempt: 0 }
  return world
}

const restored: Record<string, Case> = {
  'a hub restored from an older backup finds done what is done': {
    play: (world) => restore(world.steps(2)).look(),
    phase: 'Succeeded',
    states: 'a=Updated d=Updated',
  },
  'a hub restored from an older backup goes on where sites are not done': {
    play: (world) => restore(world.set('d', { takes: 9 }).steps(2)).look(),
    states: 'a=Updated d=Updating',
  },
  'a hub restored from an older backup does not try again what failed': {
    policy: { onFailure: 'Pause' },
    play: (world) => {
      restore(world.set('a', { breaks: true }).steps(2)).look()
      assert.equal(world.site('a').assigned?.profileRevision, 'p-v1')
    },
    phase: 'Paused',
    states: 'a=Failed b=Updated',
  },
  'a hub restored from an older backup keeps to the windows': {
    policy: { windows: { install: [{ cron: '0 2 * * *', durationMinutes: 60 }] } },
    play: (world) =>
      restore(world.at('2026-11-21T02:00:00Z').set('d', { connectivity: 'Offline' }).steps(2))
        .set('d', { connectivity: 'Online' })
        .wait(7200)
        .look(),
    states: 'a=Updated d=Waiting/Window',
  },
}

/** As a hub of before windows and budgets wrote it. */
function ofOldHub(world: World): World {
  const { windows, budgets, rest, waitLimitSeconds, siteRetries, ...older } =
    world.rollout.spec.policy
  const { retryBackoffSeconds, rollback, onNewRevision, ...policy } = older
  assert.ok(windows === undefined && [budgets, rest, rollback, onNewRevision].every(Boolean))
  assert.ok(waitLimitSeconds > 0 && siteRetries === 0 && retryBackoffSeconds > 0)
  const { spec } = world.rollout
  world.rollout = { ...world.rollout, spec: { ...spec, policy: policy as never } }
  return world
}

const upgraded: Record<string, Case> = {
  'a rollout that an older hub made goes on': {
    policy: { canary: { sites: 1 } },
    play: (world) => ofOldHub(world).steps(4),
    phase: 'Succeeded',
  },
  'a rollout that an older hub made goes back': {
    policy: { canary: { sites: 1 } },
    play: (world) => ofOldHub(world.set('a', { breaks: true })).steps(4),
    phase: 'RolledBack',
  },
}

playCases({ ...newer, ...sites, ...fleets, ...profiles, ...restored, ...upgraded })

test('a queued revision waits for a rollout that is not over, and for no other', () => {
  const { rollout } = new World(['a']).look()
  const over = { ...rollout, status: { phase: 'Succeeded' as const } }
  const metadata = { ...rollout.metadata, deletionTimestamp: '2026-11-21T12:00:00Z' }
  assert.equal(mustQueue('Queue', rollout), true)
  assert.equal(mustQueue('Queue', { ...rollout, status: { phase: 'Paused' } }), true)
  assert.equal(mustQueue('Queue', over), false)
  assert.equal(mustQueue('Queue', undefined), false)
  assert.equal(mustQueue('Queue', { ...rollout, metadata }), false)
  assert.equal(mustQueue('Supersede', rollout), false)
  assert.equal(mustQueue('Merge', rollout), false)
})
