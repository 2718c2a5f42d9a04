import { type Case, playCases } from '../testing/rollout-case.ts'
import type { World } from '../testing/rollout-world.ts'

const look = (world: World) => world.look()
const canaryOf = (sites: number, more: object = {}) => ({ canary: { sites, ...more } })
const wave = (name: string, more: object) => ({ name, ...more })

const eight = 'a b c d e f g h'
const gold = (names: string) => (world: World) =>
  world.set(names, { labels: { tier: 'gold' } }).look()
const goldSelector = { selector: { matchLabels: { tier: 'gold' } } }

const order: Record<string, Case> = {
  'first the canary, then the rest': {
    policy: canaryOf(1),
    play: look,
    states: 'a=Updating b=Waiting d=Waiting',
    says: { b: /is in wave rest, which is next after canary: Wave canary: updating 1 site/ },
  },
  'two canaries are two': {
    policy: canaryOf(2),
    play: look,
    states: 'a=Updating b=Updating c=Waiting',
  },
  'more canaries than sites are all of them': {
    policy: canaryOf(9),
    play: (world) => world.steps(2),
    phase: 'Succeeded',
  },
  'a wave by count takes the first by name': {
    policy: { waves: [wave('first', { count: 2 })] },
    play: look,
    states: 'a=Updating b=Updating c=Waiting d=Waiting',
  },
  'a wave by share is rounded up': {
    policy: { waves: [wave('first', { percent: 30 })] },
    play: look,
    states: 'a=Updating b=Updating c=Waiting',
  },
  'a share of one site is that site': {
    sites: 'a',
    policy: { waves: [wave('first', { percent: 1 })] },
    play: look,
    states: 'a=Updating',
  },
  'a share of no sites is a rollout that succeeds at once': {
    sites: '',
    policy: { waves: [wave('first', { percent: 50 })] },
    play: look,
    phase: 'Succeeded',
    message: /has no sites yet/,
  },
  'a wave by list takes the sites that it names': {
    policy: { waves: [wave('chosen', { sites: ['d', 'b'] })] },
    play: look,
    states: 'a=Waiting b=Updating c=Waiting d=Updating',
  },
  'a wave by selector takes the sites that it selects': {
    policy: { waves: [wave('gold', goldSelector)] },
    play: gold('c d'),
    states: 'a=Waiting b=Waiting c=Updating d=Updating',
  },
  'a wave that selects nobody is left out': {
    policy: { waves: [wave('gold', goldSelector)] },
    play: look,
    states: 'a=Updating d=Updating',
  },
  'a wave that lists sites which are not there is left out': {
    policy: { waves: [wave('chosen', { sites: ['x', 'y'] })] },
    play: look,
    states: 'a=Updating d=Updating',
  },
  'a site that two waves select goes with the first': {
    policy: { waves: [wave('gold', goldSelector), wave('named', { sites: ['c', 'a'] })] },
    play: gold('c d'),
    states: 'a=Waiting c=Updating d=Updating',
    says: { a: /is in wave named, which is next after gold/ },
  },
  'a canary is not taken again by a later wave': {
    policy: { ...canaryOf(1), waves: [wave('named', { sites: ['a', 'b'] })] },
    play: (world) => world.steps(1),
    states: 'a=Updated b=Updating c=Waiting',
  },
  'three waves follow each other': {
    sites: eight,
    policy: { waves: [wave('one', { count: 1 }), wave('half', { percent: 50 })] },
    play: (world) => world.steps(1),
    states: 'a=Updated b=Updating e=Updating f=Waiting',
  },
  'a site says how many waves come before its own': {
    sites: eight,
    policy: { waves: [wave('one', { count: 1 }), wave('half', { percent: 50 })] },
    play: look,
    says: { h: /is in wave rest, which comes 2 waves after one/ },
  },
  'a canary that is broken already is the last choice': {
    policy: canaryOf(1),
    play: (world) => world.set('a', { health: 'Failed' }).look(),
    states: 'a=Waiting b=Updating',
  },
}

const canaries: Record<string, Case> = {
  'a canary by selector is one that is selected': {
    policy: canaryOf(1, goldSelector),
    play: gold('c d'),
    states: 'a=Waiting c=Updating d=Waiting',
  },
  'a canary by selector that selects nobody stops the rollout before it begins': {
    policy: canaryOf(1, goldSelector),
    play: look,
    phase: 'Paused',
    message: /selector of the canary selects no site/,
    states: 'a=Waiting b=Waiting',
  },
  'once a site carries the label the canary begins there': {
    policy: canaryOf(1, goldSelector),
    play: (world) => gold('c')(world.look()),
    phase: 'Progressing',
    states: 'a=Waiting c=Updating',
  },
  'nobody stands in for a canary that was chosen': {
    policy: canaryOf(1, goldSelector),
    play: (world) => gold('c')(world.set('c', { connectivity: 'Offline' })).look(),
    states: 'a=Waiting c=Parked',
    message: /the canary starts with the first that is/,
  },
  'the chosen canary starts when it is back': {
    policy: canaryOf(1, goldSelector),
    play: (world) => {
      gold('c')(world.set('c', { connectivity: 'Offline' }))
      world.set('c', { connectivity: 'Online' }).look()
    },
    states: 'a=Waiting c=Updating',
  },
}

const soaks: Record<string, Case> = {
  'a wave soaks as long as it says itself': {
    policy: { ...canaryOf(1, { soakSeconds: 100 }), soakSeconds: 5 },
    play: (world) => world.steps(10),
    states: 'a=Updated b=Waiting',
    says: { b: /Wave canary soaks until 2026-11-21T12:01:42Z/ },
  },
  'a wave that says nothing soaks as long as the policy says': {
    policy: { ...canaryOf(1), soakSeconds: 5 },
    play: (world) => world.steps(6),
    states: 'a=Updated b=Updated',
  },
  'the last wave has its own soak': {
    policy: { rest: { soakSeconds: 50 } },
    play: (world) => world.steps(5),
    phase: 'Progressing',
    message: /Wave rest soaks/,
  },
  'a site that is Failed during the soak holds up its wave': {
    policy: { ...canaryOf(1), soakSeconds: 5 },
    play: (world) => world.steps(1).set('a', { health: 'Failed' }).steps(5),
    states: 'a=Updated b=Waiting',
    says: { b: /Wave canary waits: site a is Failed/ },
  },
}

const approvals: Record<string, Case> = {
  'a wave that wants approval waits for it': {
    policy: { ...canaryOf(1), rest: { approvals: 1 } },
    play: (world) => world.steps(3),
    states: 'a=Updated b=Waiting',
    says: { b: /waits with wave rest: Wave rest waits for approval\./ },
  },
  'an approved wave starts': {
    policy: { ...canaryOf(1), rest: { approvals: 1 } },
    play: (world) => world.steps(3).askWave('Approve', 'rest').look(),
    states: 'a=Updated b=Updating',
  },
  'a wave may be approved before its turn': {
    policy: { ...canaryOf(1), rest: { approvals: 1 } },
    play: (world) => world.look().askWave('Approve', 'rest').steps(2),
    states: 'b=Updated',
  },
  'four eyes: one person is not enough, however often it approves': {
    policy: { ...canaryOf(1), rest: { approvals: 2 } },
    play: (world) =>
      world.steps(3).askWave('Approve', 'rest', 'ada').askWave('Approve', 'rest', 'ada').look(),
    states: 'b=Waiting',
    says: { b: /waits for approval by 2 different people: ada has approved/ },
  },
  'four eyes: two people are enough': {
    policy: { ...canaryOf(1), rest: { approvals: 2 } },
    play: (world) =>
      world.steps(3).askWave('Approve', 'rest', 'ada').askWave('Approve', 'rest', 'bob').look(),
    states: 'b=Updating',
  },
  'the approval of one wave is none of the next': {
    policy: { waves: [wave('one', { count: 1, approvals: 1 })], rest: { approvals: 1 } },
    play: (world) => world.look().askWave('Approve', 'one').steps(3),
    states: 'a=Updated b=Waiting',
    message: /Wave rest waits for approval/,
  },
  'the canary may want approval too': {
    policy: canaryOf(1, { approvals: 1 }),
    play: look,
    states: 'a=Waiting b=Waiting',
    says: { a: /Wave canary waits for approval/, b: /is in wave rest, which is next after canary/ },
  },
  'a retry asks for approval anew': {
    policy: { rest: { approvals: 1 }, onFailure: 'Pause' },
    play: (world) => {
      world.set('a', { breaks: true }).look().askWave('Approve', 'rest').steps(2)
      world.control({ retries: 1 })
      world.look()
    },
    states: 'a=Waiting',
    message: /Wave rest waits for approval/,
  },
  'the first rollout of a fleet wants no approval, as nothing runs there': {
    previous: null,
    policy: { rest: { approvals: 2 } },
    play: look,
    states: 'a=Updating',
  },
  'a wave that waits for approval lends nobody to the canary': {
    policy: { ...canaryOf(1), rest: { approvals: 1 } },
    play: (world) => world.look().set('a', { connectivity: 'Offline' }).look().look(),
    states: 'a=Parked b=Waiting',
  },
}

const limits: Record<string, Case> = {
  'a wave waits for those that may not change yet, and no longer than its limit': {
    policy: {
      waitLimitSeconds: 3600,
      windows: { install: [{ cron: '0 13 * * *', durationMinutes: 30 }] },
    },
    play: (world) =>
      world
        .at('2026-11-21T13:10:00Z')
        .set('d', { timeZone: 'Asia/Tokyo' })
        .steps(2)
        .wait(3600)
        .look(),
    phase: 'Succeeded',
    states: 'a=Updated d=Parked/Window',
    message: /3 sites of 4 updated\. 1 site will follow when they may/,
  },
  'who was left behind follows when its window opens': {
    policy: {
      waitLimitSeconds: 3600,
      windows: { install: [{ cron: '0 13 * * *', durationMinutes: 30 }] },
    },
    play: (world) =>
      world
        .at('2026-11-21T13:10:00Z')
        .set('d', { timeZone: 'Asia/Tokyo' })
        .steps(2)
        .wait(3600)
        .look()
        .at('2026-11-22T04:00:00Z')
        .steps(1),
    states: 'd=Updated',
  },
  'a canary that may not change within the limit pauses the rollout': {
    policy: {
      ...canaryOf(1),
      waitLimitSeconds: 3600,
      windows: { install: [{ cron: '0 2 * * *', durationMinutes: 30 }] },
    },
    play: (world) => world.look().wait(3601).look(),
    phase: 'Paused',
    message: /Wave canary could not begin within 3600 s\. Site a waits for its window/,
  },
  'resumed, it waits as long again': {
    policy: {
      ...canaryOf(1),
      waitLimitSeconds: 3600,
      windows: { install: [{ cron: '0 2 * * *', durationMinutes: 30 }] },
    },
    play: (world) => {
      world.look().wait(3601).look().wait(5).control({ action: 'Run' })
      world.look().wait(3000).look()
    },
    phase: 'Progressing',
    states: 'a=Waiting/Window',
  },
}

playCases({ ...order, ...canaries, ...soaks, ...approvals, ...limits })
