import assert from 'node:assert/strict'
import { explainSite } from '../explain-site.ts'
import type { World } from '../testing/rollout-world.ts'
import { type Case, playCases } from '../testing/rollout-case.ts'

const nightly = { install: [{ cron: '0 2 * * *', durationMinutes: 180 }] }
const night = { windows: nightly }
const look = (world: World) => world.look()

const asking: Record<string, Case> = {
  'without windows sites change at any time': {
    play: look,
    states: 'a=Updating b=Updating',
  },
  'outside its window a site waits and says when it opens, in UTC and by the clock there': {
    policy: night,
    play: (world) => world.set('a', { timeZone: 'Europe/Berlin' }).look(),
    states: 'a=Waiting/Window',
    says: { a: /waits for its window, opens 2026-11-22T01:00:00Z \(02:00 in Europe\/Berlin\)/ },
  },
  'inside its window a site is asked': {
    policy: night,
    play: (world) => world.at('2026-11-21T02:30:00Z').look(),
    states: 'a=Updating b=Updating',
  },
  'each site goes by the clock of its own place': {
    policy: night,
    play: (world) =>
      world
        .at('2026-11-21T02:30:00Z')
        .set('a', { timeZone: 'Europe/London' })
        .set('b', { timeZone: 'America/New_York' })
        .set('c', { timeZone: 'Australia/Lord_Howe' })
        .look(),
    states: 'a=Updating b=Waiting/Window c=Waiting/Window',
  },
  'a site that waited is asked as soon as its window opens': {
    policy: night,
    play: (world) => world.look().at('2026-11-22T02:00:00Z').look(),
    states: 'a=Updating d=Updating',
  },
  'a wave whose sites wait for their windows says how many are held back': {
    policy: night,
    play: look,
    message: /Wave rest: 0 of 4 sites updated, 4 held back\. Site a waits for its window/,
  },
  'what nobody runs yet needs no window': {
    policy: night,
    previous: null,
    play: (world) => world.steps(2),
    states: 'a=Updated b=Updated',
    phase: 'Succeeded',
  },
  'what a site runs already needs no window': {
    policy: night,
    play: (world) => world.set('a', { runs: 'v2' }).look(),
    states: 'a=Updated b=Waiting/Window',
  },
  'a window that closes stops nobody who was asked': {
    policy: night,
    play: (world) => world.at('2026-11-21T04:59:00Z').look().at('2026-11-21T05:01:00Z').look(),
    states: 'a=Updating',
  },
  'a site that was asked, went offline and is back after its window goes on by itself': {
    policy: night,
    play: (world) =>
      world
        .at('2026-11-21T04:59:00Z')
        .look()
        .set('a', { connectivity: 'Offline' })
        .look()
        .at('2026-11-21T05:30:00Z')
        .set('a', { connectivity: 'Online' })
        .look(),
    states: 'a=Updating',
  },
  'the rollout ends when the last window has opened': {
    policy: night,
    play: (world) =>
      world
        .set('a', { timeZone: 'Asia/Tokyo' })
        .at('2026-11-21T17:30:00Z')
        .steps(2)
        .at('2026-11-22T02:30:00Z')
        .steps(2),
    phase: 'Succeeded',
  },
}

const blackouts: Record<string, Case> = {
  'on a day of blackout nobody changes, though the window is open': {
    policy: {
      windows: { ...nightly, blackouts: [{ name: 'sales', from: '2026-11-20', to: '2026-11-30' }] },
    },
    play: (world) => world.at('2026-11-21T02:30:00Z').look(),
    states: 'a=Waiting/Window',
    says: { a: /blackout sales, opens 2026-12-01T02:00:00Z/ },
  },
  'a blackout without windows closes what is else always open': {
    policy: { windows: { blackouts: [{ name: 'xmas', from: '12-24', to: '12-26' }] } },
    play: (world) => world.at('2026-12-25T12:00:00Z').look(),
    states: 'a=Waiting/Window',
    says: { a: /blackout xmas, opens 2026-12-27T00:00:00Z/ },
  },
  'a blackout ends at midnight of the place': {
    policy: { windows: { blackouts: [{ name: 'xmas', from: '12-24', to: '12-26' }] } },
    play: (world) =>
      world.at('2026-12-26T23:30:00Z').set('a', { timeZone: 'Europe/Berlin' }).look(),
    states: 'a=Updating b=Waiting/Window',
  },
}

const zones: Record<string, Case> = {
  'a site whose zone nobody knows waits, and says what to do': {
    policy: night,
    play: (world) => world.at('2026-11-21T02:30:00Z').set('a', { timeZone: 'Mars/Olympus' }).look(),
    states: 'a=Waiting/Window b=Updating',
    says: { a: /the hub does not know its time zone Mars\/Olympus.*give windows\.timeZone/ },
  },
  'a site whose zone nobody knows goes by the zone that the fleet gives': {
    policy: { windows: { ...nightly, timeZone: 'UTC' } },
    play: (world) => world.at('2026-11-21T02:30:00Z').set('a', { timeZone: 'Mars/Olympus' }).look(),
    states: 'a=Updating',
  },
  'the zone of the fleet does not outrank the zone of a site': {
    policy: { windows: { ...nightly, timeZone: 'UTC' } },
    play: (world) => world.at('2026-11-21T02:30:00Z').set('a', { timeZone: 'Asia/Tokyo' }).look(),
    states: 'a=Waiting/Window b=Updating',
  },
}

const ignored = { windows: { ...nightly, ignoredForLabel: 'security' } }
function labelled(world: World, labels: Record<string, string>): World {
  const { metadata } = world.rollout
  world.rollout = { ...world.rollout, metadata: { ...metadata, labels } }
  return world
}

const urgent: Record<string, Case> = {
  'a rollout with the label for security fixes heeds no window': {
    policy: ignored,
    play: (world) => labelled(world, { security: 'true' }).look(),
    states: 'a=Updating b=Updating',
  },
  'a rollout with the label heeds no blackout either': {
    policy: {
      windows: { ...ignored.windows, blackouts: [{ name: 'all', from: '11-01', to: '11-30' }] },
    },
    play: (world) => labelled(world, { security: 'true' }).look(),
    states: 'a=Updating',
  },
  'another value of the label is not enough': {
    policy: ignored,
    play: (world) => labelled(world, { security: 'maybe' }).look(),
    states: 'a=Waiting/Window',
  },
  'a label that the policy does not name is no way round a window': {
    policy: night,
    play: (world) => labelled(world, { security: 'true' }).look(),
    states: 'a=Waiting/Window',
  },
}

/** 02:30 in a place, on nights when its clocks are put. */
const halfPastTwo = { windows: { install: [{ cron: '30 2 * * *', durationMinutes: 30 }] } }
function inZone(timeZone: string, time: string): Case['play'] {
  return (world) => world.at(time).set('a', { timeZone }).look()
}

const nights: Record<string, Case> = {
  'Berlin, the hour that does not exist: the site waits until the clocks are put forward': {
    policy: halfPastTwo,
    play: inZone('Europe/Berlin', '2026-03-29T00:59:59Z'),
    says: { a: /opens 2026-03-29T01:00:00Z \(03:00 in Europe\/Berlin\)/ },
  },
  'Berlin, the hour that does not exist: the site is asked when the clock shows 03:00': {
    policy: halfPastTwo,
    play: inZone('Europe/Berlin', '2026-03-29T01:00:00Z'),
    states: 'a=Updating',
  },
  'Berlin, the hour that comes twice: the site is asked at its first coming': {
    policy: halfPastTwo,
    play: inZone('Europe/Berlin', '2026-10-25T00:30:00Z'),
    states: 'a=Updating',
  },
  'Berlin, the hour that comes twice: at its second coming the window is closed': {
    policy: halfPastTwo,
    play: inZone('Europe/Berlin', '2026-10-25T01:30:00Z'),
    states: 'a=Waiting/Window',
  },
  'New York, the hour that does not exist: the site is asked when the clock shows 03:00': {
    policy: halfPastTwo,
    play: inZone('America/New_York', '2026-03-08T07:00:00Z'),
    states: 'a=Updating',
  },
  'New York, the night after: the window is at 02:30 again': {
    policy: halfPastTwo,
    play: inZone('America/New_York', '2026-03-09T06:29:00Z'),
    says: { a: /opens 2026-03-09T06:30:00Z/ },
  },
  'New York, the hour that comes twice is over before 02:30, which comes once': {
    policy: halfPastTwo,
    play: inZone('America/New_York', '2026-11-01T07:30:00Z'),
    states: 'a=Updating',
  },
  'Lord Howe, half an hour does not exist: what opens at 02:15 opens at 02:30': {
    policy: { windows: { install: [{ cron: '15 2 * * *', durationMinutes: 30 }] } },
    play: inZone('Australia/Lord_Howe', '2026-10-03T15:30:00Z'),
    states: 'a=Updating',
  },
  'Lord Howe, half an hour comes twice: at the second 01:45 the window is closed': {
    policy: { windows: { install: [{ cron: '45 1 * * *', durationMinutes: 15 }] } },
    play: inZone('Australia/Lord_Howe', '2026-04-04T15:15:00Z'),
    states: 'a=Waiting/Window',
    says: { a: /opens 2026-04-05T15:15:00Z/ },
  },
}

playCases({ ...asking, ...blackouts, ...zones, ...urgent, ...nights })

/** Fetched in the evening, installed at night. */
const twoParts = {
  windows: {
    install: [{ cron: '0 2 * * *', durationMinutes: 60 }],
    download: [{ cron: '0 20 * * *', durationMinutes: 120 }],
  },
}
const nextOf = (world: World, name: string) => world.site(name).assigned?.next
const evening = (world: World) => world.at('2026-11-21T20:30:00Z')

playCases({
  'a site that waits for its window to install fetches in its window to download': {
    policy: twoParts,
    play: (world) => {
      evening(world).look()
      assert.deepEqual(nextOf(world, 'a'), { profileRevision: 'p-v2', isOpen: true })
      assert.equal(world.site('a').assigned?.profileRevision, 'p-v1')
    },
    states: 'a=Waiting/Window',
  },
  'before its window to download a site fetches nothing': {
    policy: twoParts,
    play: (world) => {
      world.look()
      assert.equal(nextOf(world, 'a')?.isOpen, false)
    },
    states: 'a=Waiting/Window',
  },
  'when its window to download closes a site stops, and keeps what it has': {
    policy: twoParts,
    play: (world) => {
      evening(world).look().at('2026-11-21T22:00:00Z').look()
      assert.deepEqual(nextOf(world, 'a'), { profileRevision: 'p-v2', isOpen: false })
    },
    states: 'a=Waiting/Window',
  },
  'what was fetched in the evening is installed at night': {
    policy: twoParts,
    play: (world) => {
      evening(world).steps(1).at('2026-11-22T02:00:00Z').steps(1)
      assert.equal(nextOf(world, 'a'), undefined)
    },
    phase: 'Succeeded',
    states: 'a=Updated d=Updated',
  },
  'what was not fetched in the evening is not installed at night, and says why': {
    policy: twoParts,
    play: (world) => evening(world).look().at('2026-11-22T02:00:00Z').look(),
    states: 'a=Waiting/Download',
    says: { a: /waits for its window to download, opens 2026-11-22T20:00:00Z/ },
  },
  'a site that was away in the evening fetches on the next, and installs a night later': {
    policy: twoParts,
    play: (world) => {
      evening(world.set('d', { connectivity: 'Offline' })).steps(1)
      world.at('2026-11-22T02:00:00Z').set('d', { connectivity: 'Online' }).steps(1)
      assert.equal(world.stateOf('d'), 'Parked')
      const said = explainSite(world.rollout, 'd', world.facts(), world.nowMs)
      assert.match(said, /is parked and waits for its window to download/)
      world.at('2026-11-22T20:00:00Z').steps(1).at('2026-11-23T02:00:00Z').steps(1)
    },
    states: 'a=Updated d=Updated',
  },
  'a site that goes away in the middle of fetching keeps what it has': {
    policy: twoParts,
    play: (world) => {
      evening(world).look().set('a', { connectivity: 'Offline' }).look()
      assert.deepEqual(nextOf(world, 'a'), { profileRevision: 'p-v2', isOpen: false })
    },
  },
  'while both windows are open a site is asked and fetches as it changes': {
    policy: {
      windows: { ...twoParts.windows, download: [{ cron: '0 1 * * *', durationMinutes: 180 }] },
    },
    play: (world) => world.at('2026-11-22T02:30:00Z').look(),
    states: 'a=Updating',
  },
  'a blackout holds back installing and not fetching': {
    policy: {
      windows: { ...twoParts.windows, blackouts: [{ name: 'xmas', from: '11-20', to: '11-25' }] },
    },
    play: (world) => {
      evening(world).look()
      assert.equal(nextOf(world, 'a')?.isOpen, true)
    },
    states: 'a=Waiting/Window',
    says: { a: /blackout xmas/ },
  },
  'a rollout for security fixes fetches as it changes, at once': {
    policy: { windows: { ...twoParts.windows, ignoredForLabel: 'security' } },
    play: (world) => labelled(world, { security: 'true' }).look(),
    states: 'a=Updating',
  },
  'what goes back is no longer fetched': {
    policy: { ...twoParts, canary: { sites: 0 } },
    play: (world) => {
      evening(world).look().control({ action: 'Abort' })
      world.look()
      assert.equal(nextOf(world, 'a'), undefined)
    },
    phase: 'Aborted',
  },
  'sites of waves that are not reached fetch nothing': {
    policy: { ...twoParts, canary: { sites: 1 } },
    play: (world) => {
      evening(world).look()
      assert.equal(nextOf(world, 'b'), undefined)
    },
    states: 'a=Waiting/Window b=Waiting',
  },
})
