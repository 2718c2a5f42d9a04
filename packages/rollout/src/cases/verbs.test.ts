import assert from 'node:assert/strict'
import { type Case, playCases } from '../testing/rollout-case.ts'
import type { World } from '../testing/rollout-world.ts'

const night = { windows: { install: [{ cron: '0 2 * * *', durationMinutes: 60 }] } }
const canary = { canary: { sites: 1 }, soakSeconds: 100 }

function say(world: World, action: 'Run' | 'Pause' | 'Abort', retries?: number): World {
  world
    .wait(2)
    .control({ action, by: 'ada', reason: 'it must be', ...(retries ? { retries } : {}) })
  return world.look()
}

const stopping: Record<string, Case> = {
  'paused, nobody new is asked': {
    policy: canary,
    play: (world) => say(world.steps(1), 'Pause').steps(100),
    phase: 'Paused',
    states: 'a=Updated b=Waiting',
    says: { b: /waits, as rollout depots-1 is paused: Paused by ada: it must be/ },
  },
  'paused before it began, nobody is asked at all': {
    play: (world) => say(world, 'Pause'),
    phase: 'Paused',
    states: 'a=Waiting d=Waiting',
    says: { a: /is paused: Paused by ada/ },
  },
  'resumed, it goes on where it stopped': {
    policy: canary,
    play: (world) => say(say(world.steps(1), 'Pause').steps(5), 'Run').steps(80),
    phase: 'Progressing',
    states: 'a=Updated b=Updated',
  },
  'resumed, a wave soaks anew': {
    policy: canary,
    play: (world) => say(say(world.steps(1), 'Pause').steps(90), 'Run').steps(2),
    states: 'b=Waiting',
    message: /Wave canary soaks until/,
  },
  'aborted, everybody goes back': {
    policy: canary,
    play: (world) => say(world.steps(1), 'Abort').steps(2),
    phase: 'Aborted',
    states: 'a=RolledBack b=Skipped',
    message: /Aborted by ada: it must be\. Rolled back 1 site/,
  },
  'aborted, going back keeps the budget': {
    policy: { budgets: [{ maxSites: 1 }], soakSeconds: 100 },
    play: (world) => say(world.steps(6), 'Abort'),
    states: 'a=RollingBack b=RollingBack/Budget',
  },
  'aborted on a first rollout, sites keep what they have': {
    previous: null,
    policy: { soakSeconds: 100 },
    play: (world) => {
      world.set('a', { takes: 5 }).look().obey()
      say(world, 'Abort')
    },
    phase: 'Aborted',
    message: /sites keep what they have/,
  },
  'retried, it begins at the first wave that has not passed': {
    policy: { waves: [{ name: 'first', count: 2 }], onFailure: 'Pause' },
    play: (world) =>
      say(world.set('c', { breaks: true }).steps(3).set('c', { breaks: false }), 'Run', 1).steps(3),
    phase: 'Succeeded',
    states: 'a=Updated c=Updated',
  },
  'retried, a site that had failed in a tolerated way is tried again': {
    policy: { maxFailedSites: 1 },
    play: (world) =>
      say(world.set('a', { breaks: true }).steps(3).set('a', { breaks: false }), 'Run', 1).steps(2),
    phase: 'Succeeded',
    states: 'a=Updated',
  },
  'retried, a site that was tried more often than the others is ahead of them': {
    policy: { siteRetries: 2, onFailure: 'Pause' },
    play: (world) => {
      world.set('a', { breaks: true }).steps(1).wait(60).steps(1).wait(120).steps(1)
      say(world, 'Run', 1)
      assert.equal(world.site('a').assigned?.attempt, 3)
      assert.equal(world.site('b').assigned?.attempt, 0)
    },
    states: 'a=Updating b=Updated',
  },
}

const skipping: Record<string, Case> = {
  'a skipped site stays as it is': {
    play: (world) => world.askSite('Skip', 'b').steps(2),
    phase: 'Succeeded',
    states: 'a=Updated b=Skipped',
    says: { b: /Site b was skipped by ada: it must be\./ },
  },
  'a site that holds up its wave can be skipped': {
    policy: { budgets: [{ maxSites: 3 }] },
    play: (world) => world.set('a', { takes: 999 }).steps(2).askSite('Skip', 'a').steps(3),
    phase: 'Succeeded',
    states: 'a=Skipped d=Updated',
  },
  'a failed site that is skipped no longer counts as failed': {
    policy: { maxFailedSites: 1 },
    play: (world) => world.set('a', { breaks: true }).steps(2).askSite('Skip', 'a').look(),
    states: 'a=Skipped',
    phase: 'Succeeded',
  },
  'a skipped site stays skipped through a retry': {
    policy: { onFailure: 'Pause' },
    play: (world) =>
      say(
        world.set('c', { breaks: true }).askSite('Skip', 'b').steps(2).set('c', { breaks: false }),
        'Run',
        1,
      ).steps(2),
    phase: 'Succeeded',
    states: 'b=Skipped c=Updated',
  },
  'a site that is skipped after it was asked is called back': {
    policy: { soakSeconds: 100 },
    play: (world) => {
      world.set('a', { takes: 99 }).look().askSite('Skip', 'a').look()
      assert.equal(world.site('a').assigned?.profileRevision, 'p-v1')
    },
    states: 'a=Skipped',
  },
  'a site that took it before the skip reached it goes back with the others': {
    policy: { soakSeconds: 100 },
    play: (world) => {
      world.look().askSite('Skip', 'a').obey().look()
      assert.equal(world.site('a').assigned?.profileRevision, 'p-v2')
    },
    states: 'a=Updated',
  },
  'an updated site is not skipped after the fact': {
    play: (world) => world.steps(2).askSite('Skip', 'a').look(),
    states: 'a=Updated',
  },
  'a site that is parked can be skipped, and does not catch up': {
    play: (world) =>
      world
        .set('d', { connectivity: 'Offline' })
        .steps(2)
        .askSite('Skip', 'd')
        .look()
        .set('d', { connectivity: 'Online' })
        .steps(2),
    states: 'd=Skipped',
  },
}

const forcing: Record<string, Case> = {
  'a forced site changes outside its window': {
    policy: night,
    play: (world) => world.look().askSite('Force', 'b').look(),
    states: 'a=Waiting/Window b=Updating',
    says: { b: /changes to p-v2 since .*: was forced by ada: it must be/ },
  },
  'a forced site changes beyond the budget': {
    policy: { budgets: [{ maxSites: 1 }] },
    play: (world) => world.look().askSite('Force', 'c').look(),
    states: 'a=Updating b=Waiting/Budget c=Updating',
  },
  'a forced site changes before its wave': {
    policy: canary,
    play: (world) => world.look().askSite('Force', 'd').steps(1),
    states: 'a=Updated b=Waiting d=Updated',
  },
  'a forced site is tried again where it had failed': {
    policy: { maxFailedSites: 1 },
    play: (world) => {
      world.set('a', { breaks: true }).steps(2).set('a', { breaks: false })
      world.askSite('Force', 'a').steps(1)
      assert.equal(world.site('a').assigned?.attempt, 1)
    },
    states: 'a=Updated',
  },
  'what failed in an earlier rollout is tried where somebody forces it': {
    policy: { maxFailedSites: 1 },
    play: (world) => {
      const failed = [{ layer: 'm', digest: 'v2' as const, attempt: 4, message: 'crashed' }]
      world.set('a', { failed }).steps(2).askSite('Force', 'a').steps(1)
      assert.equal(world.site('a').assigned?.attempt, 5)
    },
    states: 'a=Updated',
  },
  'a skipped site can be forced': {
    play: (world) => world.askSite('Skip', 'b').steps(2).askSite('Force', 'b').steps(1),
    states: 'b=Updated',
  },
  'a forced site can be skipped': {
    policy: canary,
    play: (world) =>
      world.set('d', { takes: 9 }).look().askSite('Force', 'd').look().askSite('Skip', 'd').look(),
    states: 'd=Skipped',
  },
  'a site that is offline is forced when it is back': {
    policy: night,
    play: (world) =>
      world
        .set('b', { connectivity: 'Offline' })
        .look()
        .askSite('Force', 'b')
        .look()
        .set('b', { connectivity: 'Online' })
        .look(),
    states: 'a=Waiting/Window b=Updating',
  },
  'a forced site goes back with the others': {
    policy: canary,
    play: (world) => say(world.look().askSite('Force', 'd').steps(1), 'Abort').steps(1),
    states: 'a=RolledBack d=RolledBack',
  },
  'a forced site goes back even where only its wave does not': {
    policy: { ...canary, onFailure: 'RollBackWave' },
    play: (world) =>
      world
        .look()
        .askSite('Force', 'd')
        .steps(1)
        .set('a', { failed: [{ layer: 'm', digest: 'v2', attempt: 0, message: 'crashed' }] })
        .steps(2),
    phase: 'RolledBack',
    states: 'd=RolledBack',
  },
}

const promoting: Record<string, Case> = {
  'a promoted wave soaks no longer': {
    policy: canary,
    play: (world) => world.steps(1).askWave('Promote', 'canary').look(),
    states: 'a=Updated b=Updating',
  },
  'promoting is for its wave alone': {
    policy: canary,
    play: (world) => world.steps(1).askWave('Promote', 'canary').steps(2),
    phase: 'Progressing',
    message: /Wave rest soaks/,
  },
  'a wave in which nobody runs it yet is not promoted': {
    policy: canary,
    play: (world) => world.set('a', { takes: 9 }).look().askWave('Promote', 'canary').look(),
    states: 'a=Updating b=Waiting',
  },
  'a promotion is no way round a failed site': {
    policy: { canary: { sites: 2 }, soakSeconds: 100, onFailure: 'Pause' },
    play: (world) =>
      world.set('a', { breaks: true }).look().obey().askWave('Promote', 'canary').look(),
    phase: 'Paused',
    states: 'a=Failed c=Waiting',
  },
  'a promotion waits no longer for sites that are held back': {
    policy: { ...canary, canary: { sites: 2 }, budgets: [{ maxSites: 1 }] },
    play: (world) => world.set('b', { takes: 9 }).steps(1).askWave('Promote', 'canary').look(),
    states: 'a=Updated b=Updating c=Waiting/Budget',
  },
  'a retry forgets a promotion': {
    policy: { ...canary, onFailure: 'Pause' },
    play: (world) => {
      world.look().askWave('Promote', 'canary')
      say(world.set('a', { breaks: true }).steps(1).set('a', { breaks: false }), 'Run', 1).steps(1)
    },
    states: 'a=Updated b=Waiting',
    message: /Wave canary soaks/,
  },
}

playCases({ ...stopping, ...skipping, ...forcing, ...promoting })
