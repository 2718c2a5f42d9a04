import { type Case, playCases } from '../testing/rollout-case.ts'
import type { World } from '../testing/rollout-world.ts'

const night = { windows: { install: [{ cron: '0 2 * * *', durationMinutes: 60 }] } }
const off = { connectivity: 'Offline' } as const
const on = { connectivity: 'Online' } as const

const parked: Record<string, Case> = {
  'a site that is offline is parked and blocks nobody': {
    play: (world) => world.set('d', off).steps(2),
    phase: 'Succeeded',
    states: 'd=Parked',
    message: /3 sites of 4 updated\. 1 site offline will catch up/,
  },
  'a site that was never there is parked like one that is offline': {
    play: (world) => world.set('d', { connectivity: 'Never' }).steps(2),
    phase: 'Succeeded',
    states: 'd=Parked',
    says: { d: /is parked: it is offline: it catches up when it returns/ },
  },
  'a site that goes offline in its change is parked, not failed': {
    play: (world) => world.look().set('d', off).steps(2),
    phase: 'Succeeded',
    states: 'd=Parked',
    says: { d: /is parked: it went offline: it catches up when it returns/ },
  },
  'a site that is away for longer than its time has not failed': {
    policy: { siteTimeoutSeconds: 10 },
    play: (world) => world.look().set('d', off).look().obey().wait(5000).look(),
    states: 'd=Parked',
  },
  'a wave of nobody but sites that are away is passed': {
    policy: { waves: [{ name: 'away', sites: ['c', 'd'] }] },
    play: (world) => {
      world.setPolicy({ canary: { sites: 1, approvals: 0 } })
      world.set('c d', off).steps(4)
    },
    phase: 'Succeeded',
    states: 'c=Parked d=Parked a=Updated b=Updated',
  },
  'all away: the rollout waits for the first that is there': {
    policy: { canary: { sites: 1 } },
    play: (world) => world.set('a b c d', off).steps(20),
    phase: 'Progressing',
    message: /No site of the fleet is online/,
  },
}

const back: Record<string, Case> = {
  'a site that returns after the end goes straight to the newest revision': {
    play: (world) => world.set('d', off).steps(2).set('d', on).steps(1),
    states: 'd=Updated',
  },
  'a site that returns while its wave is under way goes along': {
    policy: { soakSeconds: 100 },
    play: (world) => world.set('d', off).steps(2).set('d', on).look(),
    states: 'd=Updating',
    says: { d: /changes to p-v2 since .*: is back and catches up/ },
  },
  'a site that returns before the turn of its wave waits for it': {
    policy: { canary: { sites: 1 }, soakSeconds: 100 },
    play: (world) => world.set('d', off).steps(2).set('d', on).look(),
    states: 'd=Waiting',
  },
  'a site that returns outside its window waits for the window': {
    policy: night,
    play: (world) =>
      world.at('2026-11-21T02:00:00Z').set('d', off).steps(2).wait(7200).set('d', on).look(),
    phase: 'Succeeded',
    states: 'd=Parked/Window',
    says: { d: /is parked and waits for its window, opens 2026-11-22T02:00:00Z/ },
  },
  'a site that returned outside its window is not even given the revision': {
    policy: night,
    play: (world) => {
      world.at('2026-11-21T02:00:00Z').set('d', off).steps(2).wait(7200).set('d', on).steps(2)
      if (world.site('d').runs !== 'v1') throw new Error('it changed outside its window')
    },
    states: 'd=Parked/Window',
  },
  'a site that returned outside its window changes when the window opens': {
    policy: night,
    play: (world) =>
      world
        .at('2026-11-21T02:00:00Z')
        .set('d', off)
        .steps(2)
        .wait(7200)
        .set('d', on)
        .steps(2)
        .at('2026-11-22T02:00:00Z')
        .steps(1),
    states: 'd=Updated',
  },
  'a hundred days away: it goes to what is newest, in its window': {
    policy: night,
    play: (world) =>
      world
        .at('2026-11-21T02:00:00Z')
        .set('d', off)
        .steps(2)
        .at('2027-03-01T02:30:00Z')
        .set('d', on)
        .steps(1),
    states: 'd=Updated',
  },
  'sites that return together keep the budget': {
    policy: { budgets: [{ maxSites: 1 }] },
    play: (world) => world.set('c d', off).steps(3).set('c d', on).look(),
    phase: 'Succeeded',
    states: 'c=Updating d=Parked/Budget',
    message: /1 site will follow when they may/,
  },
  'a site that comes and goes is parked each time, and gets there': {
    play: (world) => {
      world.set('d', { takes: 6 })
      for (let at = 0; at < 10; at += 1) world.set('d', at % 2 === 0 ? off : on).steps(1)
      world.set('d', on).steps(4)
    },
    states: 'd=Updated',
  },
  'while it is paused nobody who returns is asked': {
    policy: { soakSeconds: 100 },
    play: (world) => {
      world.set('d', off).steps(2).control({ action: 'Pause' })
      world.look().set('d', on).look()
    },
    phase: 'Paused',
    states: 'd=Parked',
  },
}

/** Two waves of two; the second fails its gate by a site that breaks. */
const breaking = {
  waves: [{ name: 'first', count: 2 }],
  onFailure: 'RollBackAll',
}
const breakSecond = (world: World) => world.set('c', { breaks: true })

const rollbacks: Record<string, Case> = {
  'a site that is away when it all goes back, goes back when it returns': {
    policy: breaking,
    play: (world) => breakSecond(world).steps(1).set('a', off).steps(3).set('a', on).steps(1),
    phase: 'RolledBack',
    states: 'a=RolledBack b=RolledBack',
  },
  'a site that was away all the time runs what it ran, and stays with it': {
    policy: breaking,
    play: (world) => breakSecond(world.set('b', off)).steps(4).set('b', on).steps(2),
    phase: 'RolledBack',
    states: 'b=Skipped a=RolledBack',
  },
  'a site that returns in the middle of a rollback goes back at once': {
    policy: breaking,
    play: (world) =>
      breakSecond(world).steps(1).set('a', off).set('b', { takes: 9 }).steps(2).set('a', on).look(),
    phase: 'RollingBack',
    states: 'a=RollingBack b=RollingBack',
  },
  'a site that returns in the middle of a rollback, outside its window, waits with what it has': {
    policy: { ...breaking, ...night },
    play: (world) =>
      breakSecond(world.at('2026-11-21T02:00:00Z'))
        .steps(1)
        .set('a', off)
        .steps(1)
        .set('b', { takes: 9 })
        .steps(1)
        .at('2026-11-21T03:30:00Z')
        .set('a', on)
        .look(),
    states: 'a=Parked/Window',
  },
  'a site that was asked and never took it is called back while it is away': {
    policy: breaking,
    play: (world) => {
      world.set('d', { takes: 9 })
      breakSecond(world).steps(1).obey().set('d', off).steps(2)
      const { assigned } = world.site('d')
      if (assigned?.profileRevision !== 'p-v1') throw new Error('it would begin when it returns')
    },
    states: 'd=Parked',
  },
}

playCases({ ...parked, ...back, ...rollbacks })
