import assert from 'node:assert/strict'
import { type Case, playCases } from '../testing/rollout-case.ts'
import type { World } from '../testing/rollout-world.ts'

const breaks = (names: string) => (world: World) => world.set(names, { breaks: true })
const failedBefore = (attempt: number) => ({
  failed: [{ layer: 'm', digest: 'v2', attempt, message: 'crashed' }],
})

const retries: Record<string, Case> = {
  'without retries a site that fails has failed': {
    policy: { onFailure: 'Pause' },
    play: (world) => breaks('a')(world).steps(2),
    states: 'a=Failed',
    says: { a: /has failed: layer m: does not start/ },
  },
  'with retries a site that fails is held back first': {
    policy: { siteRetries: 2 },
    play: (world) => breaks('a')(world).steps(1),
    phase: 'Progressing',
    states: 'a=Waiting/Backoff',
    says: { a: /failed: layer m: does not start; is tried again at 2026-11-21T12:01:02Z, 1 of 2/ },
  },
  'before its back-off is over it is not asked again': {
    policy: { siteRetries: 2 },
    play: (world) => breaks('a')(world).steps(1).wait(59).look(),
    states: 'a=Waiting/Backoff',
  },
  'after its back-off it is asked again, as a new attempt': {
    policy: { siteRetries: 2 },
    play: (world) => {
      breaks('a')(world).steps(1).wait(60).look()
      assert.deepEqual(world.site('a').assigned, { profileRevision: 'p-v2', attempt: 1 })
    },
    states: 'a=Updating',
  },
  'a second try that works is a success like any other': {
    policy: { siteRetries: 2 },
    play: (world) => breaks('a')(world).steps(1).set('a', { breaks: false }).wait(60).steps(2),
    phase: 'Succeeded',
    states: 'a=Updated',
  },
  'the second back-off is twice as long': {
    policy: { siteRetries: 2 },
    play: (world) => breaks('a')(world).steps(1).wait(60).steps(1),
    states: 'a=Waiting/Backoff',
    says: { a: /is tried again at 2026-11-21T12:03:04Z, 2 of 2/ },
  },
  'no back-off is longer than six hours': {
    policy: { siteRetries: 9, retryBackoffSeconds: 20_000 },
    play: (world) => breaks('a')(world).steps(1).wait(20_000).steps(1).wait(21_600).look(),
    states: 'a=Updating',
  },
  'when its retries are used up it has failed': {
    policy: { siteRetries: 1, onFailure: 'Pause' },
    play: (world) => breaks('a')(world).steps(1).wait(60).steps(1),
    phase: 'Paused',
    states: 'a=Failed',
  },
  'a site that is only slow is tried again too': {
    policy: { siteRetries: 1, siteTimeoutSeconds: 10 },
    play: (world) => world.set('a', { takes: 9 }).look().obey().wait(11).look(),
    states: 'a=Waiting/Backoff',
    says: { a: /has not applied the change after 10 s; is tried again/ },
  },
  'a site that goes offline in its back-off is parked': {
    policy: { siteRetries: 1 },
    play: (world) => breaks('a')(world).steps(1).set('a', { connectivity: 'Offline' }).look(),
    states: 'a=Parked',
  },
  'a retried site keeps to its window': {
    policy: {
      siteRetries: 1,
      windows: { install: [{ cron: '0 2 * * *', durationMinutes: 10 }] },
    },
    play: (world) => breaks('a')(world.at('2026-11-21T02:09:30Z')).steps(1).wait(60).look(),
    states: 'a=Waiting/Window',
  },
  'a site in back-off holds up its wave and no other site of it': {
    policy: { siteRetries: 1 },
    play: (world) => breaks('a')(world).steps(1),
    states: 'b=Updated c=Updated d=Updated',
    message: /Wave rest: 3 of 4 sites updated, 1 held back\. Site a failed/,
  },
}

const memory: Record<string, Case> = {
  'what failed at a site in an earlier rollout is not tried there by itself': {
    policy: { siteRetries: 3, onFailure: 'Pause' },
    play: (world) => {
      world.set('a', failedBefore(0)).look()
      assert.equal(world.site('a').assigned?.profileRevision, 'p-v1')
    },
    states: 'a=Failed',
    says: { a: /has failed: layer m: crashed/ },
  },
  'what failed in a later attempt than this one is remembered as well': {
    policy: { onFailure: 'Pause' },
    play: (world) => world.set('a', failedBefore(4)).look(),
    states: 'a=Failed',
  },
  'a retry by a person tries again what failed': {
    policy: { onFailure: 'Pause' },
    play: (world) => {
      world.set('a', failedBefore(0)).look().control({ retries: 1 })
      world.steps(2)
    },
    phase: 'Succeeded',
  },
  'other content than what failed is tried': {
    play: (world) =>
      world
        .set('a', { failed: [{ layer: 'm', digest: 'v0', attempt: 0, message: 'crashed' }] })
        .steps(2),
    phase: 'Succeeded',
  },
  'a site that ran it and then gave it up has failed': {
    policy: { soakSeconds: 60, onFailure: 'Pause' },
    play: (world) => world.steps(2).set('a', failedBefore(0)).look(),
    phase: 'Paused',
    states: 'a=Failed',
  },
}

const twoWaves = { waves: [{ name: 'first', count: 2 }] }

const thresholds: Record<string, Case> = {
  'one failed site is too many unless the policy says otherwise': {
    play: (world) => breaks('a')(world).steps(1),
    phase: 'RollingBack',
    message: /It failed at 1 site, 0 allowed: a: layer m: does not start/,
  },
  'as many failed sites as allowed are tolerated': {
    policy: { maxFailedSites: 2 },
    play: (world) => breaks('a b')(world).steps(2),
    phase: 'Succeeded',
    states: 'a=Failed b=Failed c=Updated',
  },
  'one more than allowed is too many': {
    policy: { maxFailedSites: 2, onFailure: 'Pause' },
    play: (world) => breaks('a b c')(world).steps(2),
    phase: 'Paused',
    message: /It failed at 3 sites, 2 allowed/,
  },
  'a wave may allow more than the policy': {
    policy: { waves: [{ name: 'first', count: 2, maxFailedSites: 1 }] },
    play: (world) => breaks('a')(world).steps(3),
    phase: 'Succeeded',
  },
  'a wave may allow less than the policy': {
    policy: {
      maxFailedSites: 1,
      onFailure: 'Pause',
      waves: [{ name: 'first', count: 2, maxFailedSites: 0 }],
    },
    play: (world) => breaks('a')(world).steps(3),
    phase: 'Paused',
  },
  'the last wave has its own number': {
    policy: { ...twoWaves, rest: { maxFailedSites: 1 } },
    play: (world) => breaks('d')(world).steps(3),
    phase: 'Succeeded',
  },
  'the canary has its own number': {
    policy: { canary: { sites: 2, maxFailedSites: 1 } },
    play: (world) => breaks('a')(world).steps(3),
    phase: 'Succeeded',
  },
  'a wave in which nobody runs it has failed, whatever is allowed': {
    policy: { canary: { sites: 4 }, maxFailedSites: 9, onFailure: 'Pause' },
    play: (world) => breaks('a b c d')(world).steps(2),
    phase: 'Paused',
    message: /No site of it runs the new revision/,
  },
}

const reactions: Record<string, Case> = {
  'Pause leaves everybody with what they have': {
    policy: { ...twoWaves, onFailure: 'Pause' },
    play: (world) => breaks('c')(world).steps(4),
    phase: 'Paused',
    states: 'a=Updated b=Updated c=Failed d=Updated',
  },
  'a failed wave stays failed, whatever else becomes impossible and possible again': {
    policy: { ...twoWaves, onFailure: 'Pause' },
    play: (world) => {
      breaks('c')(world)
        .steps(4)
        .setPolicy({ budgets: [{ maxPercent: 1 }] })
        .look()
      world.setPolicy({ budgets: [] }).look()
    },
    phase: 'Paused',
    message: /It failed at 1 site/,
  },
  'RollBackWave takes back its wave alone': {
    policy: { ...twoWaves, onFailure: 'RollBackWave' },
    play: (world) => breaks('c')(world).steps(4),
    phase: 'RolledBack',
    states: 'a=Updated b=Updated c=RolledBack d=RolledBack',
  },
  'RollBackAll takes back everybody': {
    policy: twoWaves,
    play: (world) => breaks('c')(world).steps(4),
    phase: 'RolledBack',
    states: 'a=RolledBack b=RolledBack c=RolledBack d=RolledBack',
  },
  'sites of waves that were not reached are left alone': {
    policy: twoWaves,
    play: (world) => breaks('a')(world).steps(3),
    phase: 'RolledBack',
    states: 'c=Skipped d=Skipped',
    says: { d: /was not reached before rollout depots-1 ended: Wave first failed/ },
  },
  'a site that went back says why': {
    policy: twoWaves,
    play: (world) => breaks('c')(world).steps(4),
    says: { a: /went back: it runs the previous revision again/ },
  },
  'a first rollout has nothing to go back to': {
    previous: null,
    play: (world) => breaks('a')(world).steps(2),
    phase: 'Failed',
    message: /no other revision to go back to/,
  },
}

const one = { budgets: [{ maxSites: 1 }] }
const night = { windows: { install: [{ cron: '0 2 * * *', durationMinutes: 60 }] } }
/** All four run it; then the gate of a sick site in the last wave brings it all back. */
function failLate(world: World): World {
  return world.steps(8).set('d', failedBefore(0)).look()
}
const late = { soakSeconds: 3600, rest: {}, maxFailedSites: 0 }

const goingBack: Record<string, Case> = {
  'without budgets all go back at once': {
    policy: late,
    play: failLate,
    states: 'a=RollingBack b=RollingBack c=RollingBack d=RollingBack',
  },
  'going back keeps the budget': {
    policy: { ...late, ...one },
    play: failLate,
    phase: 'RollingBack',
    states: 'a=RollingBack b=RollingBack/Budget c=RollingBack/Budget',
    says: { b: /has to go back and waits: of the sites of the fleet at most 1/ },
  },
  'going back within a budget ends': {
    policy: { ...late, ...one },
    play: (world) => failLate(world).steps(8),
    phase: 'RolledBack',
    states: 'a=RolledBack b=RolledBack c=RolledBack d=RolledBack',
  },
  'going back may ignore budgets if told': {
    policy: { ...late, ...one, rollback: { ignoreBudgets: true } },
    play: failLate,
    states: 'a=RollingBack b=RollingBack c=RollingBack d=RollingBack',
  },
  'the wave that was reached last goes back first': {
    policy: {
      ...one,
      soakSeconds: 60,
      waves: [{ name: 'first', count: 2, soakSeconds: 1 }],
    },
    play: (world) => {
      world.steps(10)
      world.set('c', failedBefore(0)).look()
    },
    phase: 'RollingBack',
    states: 'a=RollingBack/Budget b=RollingBack/Budget c=RollingBack d=RollingBack/Budget',
  },
  'going back keeps to the windows': {
    policy: { ...late, ...night },
    play: (world) =>
      world
        .at('2026-11-21T02:00:00Z')
        .steps(2)
        .at('2026-11-21T03:30:00Z')
        .set('d', failedBefore(0))
        .look(),
    phase: 'RollingBack',
    states: 'a=RollingBack/Window d=RollingBack/Window',
    says: { a: /has to go back and waits for its window, opens 2026-11-22T02:00:00Z/ },
  },
  'what waits for its window keeps what it has': {
    policy: { ...late, ...night },
    play: (world) => {
      world.at('2026-11-21T02:00:00Z').steps(2).at('2026-11-21T03:30:00Z')
      world.set('d', failedBefore(0)).steps(3)
      assert.equal(world.site('a').assigned?.profileRevision, 'p-v2')
    },
    phase: 'RollingBack',
  },
  'going back may ignore windows if told': {
    policy: { ...late, ...night, rollback: { ignoreWindows: true } },
    play: (world) =>
      world
        .at('2026-11-21T02:00:00Z')
        .steps(2)
        .at('2026-11-21T03:30:00Z')
        .set('d', failedBefore(0))
        .look(),
    states: 'a=RollingBack d=RollingBack',
  },
  'what does not run it yet is called back at once, in no window': {
    policy: { ...night, onFailure: 'RollBackAll', canary: { sites: 2 } },
    play: (world) =>
      breaks('a')(world.at('2026-11-21T02:59:58Z').set('b', { takes: 50 }))
        .steps(1)
        .wait(10)
        .look(),
    states: 'a=RolledBack b=RolledBack',
  },
  'a rollback waits no longer than its limit for those that may not go yet': {
    policy: { ...late, ...night, waitLimitSeconds: 3600 },
    play: (world) =>
      world
        .at('2026-11-21T02:00:00Z')
        .steps(2)
        .at('2026-11-21T03:30:00Z')
        .set('d', failedBefore(0))
        .look()
        .wait(3601)
        .look(),
    phase: 'RolledBack',
    states: 'a=Parked/Window',
  },
  'who was left behind by a rollback goes back when its window opens': {
    policy: { ...late, ...night, waitLimitSeconds: 3600 },
    play: (world) =>
      world
        .at('2026-11-21T02:00:00Z')
        .steps(2)
        .at('2026-11-21T03:30:00Z')
        .set('d', failedBefore(0))
        .look()
        .wait(3601)
        .look()
        .at('2026-11-22T02:00:00Z')
        .steps(2),
    states: 'a=RolledBack d=RolledBack',
  },
  'a site that does not go back in time has failed, and the rollback ends': {
    policy: { ...late, siteTimeoutSeconds: 30 },
    play: (world) => failLate(world).set('b', { takes: 99 }).obey().wait(31).look(),
    phase: 'Failed',
    states: 'a=RolledBack b=Failed',
    message: /1 site did not go back to p-v1: b has not gone back after 30 s/,
  },
  'the time to go back runs from when a site may': {
    policy: { ...late, ...night, siteTimeoutSeconds: 30 },
    play: (world) =>
      world
        .at('2026-11-21T02:00:00Z')
        .steps(2)
        .at('2026-11-21T03:30:00Z')
        .set('d', failedBefore(0))
        .look()
        .at('2026-11-22T02:00:00Z')
        .look(),
    states: 'a=RollingBack d=RollingBack',
  },
}

playCases({ ...retries, ...memory, ...thresholds, ...reactions, ...goingBack })
