import { type Case, playCases } from '../testing/rollout-case.ts'
import type { World } from '../testing/rollout-world.ts'

const oneAtOnce = { budgets: [{ maxSites: 1 }] }
const perStore = { budgets: [{ label: 'store', maxSites: 1 }] }
const look = (world: World) => world.look()

/** Two tills in the first store, two in the second. */
const stores = (world: World) =>
  world.set('a b', { labels: { store: '1' } }).set('c d', { labels: { store: '2' } })

const overall: Record<string, Case> = {
  'without a budget all sites of a wave change at once': {
    play: look,
    states: 'a=Updating b=Updating c=Updating d=Updating',
  },
  'at most one at once means one at once': {
    policy: oneAtOnce,
    play: look,
    states: 'a=Updating b=Waiting/Budget c=Waiting/Budget d=Waiting/Budget',
  },
  'a site that waits for the budget says who uses it up': {
    policy: oneAtOnce,
    play: look,
    says: { b: /of the sites of the fleet at most 1 may be unavailable at once, and a is/ },
  },
  'the next site is asked when the first is done': {
    policy: oneAtOnce,
    play: (world) => world.steps(1),
    states: 'a=Updated b=Updating c=Waiting/Budget',
  },
  'with a budget of one four sites take four rounds': {
    policy: oneAtOnce,
    play: (world) => world.steps(4),
    phase: 'Succeeded',
  },
  'half of four sites is two': {
    policy: { budgets: [{ maxPercent: 50 }] },
    play: look,
    states: 'a=Updating b=Updating c=Waiting/Budget d=Waiting/Budget',
  },
  'a share is rounded down': {
    policy: { budgets: [{ maxPercent: 70 }] },
    play: look,
    states: 'a=Updating b=Updating c=Waiting/Budget',
  },
  'all of them is no limit': {
    policy: { budgets: [{ maxPercent: 100 }] },
    play: look,
    states: 'a=Updating d=Updating',
  },
  'a budget that is made larger on the way counts at once': {
    policy: oneAtOnce,
    play: (world) =>
      world
        .look()
        .setPolicy({ budgets: [{ maxSites: 3 }] })
        .look(),
    states: 'a=Updating b=Updating c=Updating d=Waiting/Budget',
  },
  'a budget that is made smaller on the way stops nobody who was asked': {
    policy: { budgets: [{ maxSites: 3 }] },
    play: (world) =>
      world
        .look()
        .setPolicy({ budgets: [{ maxSites: 1 }] })
        .look(),
    states: 'a=Updating b=Updating c=Updating d=Waiting/Budget',
  },
}

const counting: Record<string, Case> = {
  'what is broken already counts': {
    policy: oneAtOnce,
    play: (world) => world.set('d', { health: 'Failed' }).look(),
    states: 'a=Waiting/Budget b=Waiting/Budget',
    says: { a: /at most 1 may be unavailable at once, and d is/ },
  },
  'a broken site may change itself, as that takes nothing away': {
    policy: oneAtOnce,
    play: (world) => world.set('d', { health: 'Failed' }).look(),
    states: 'd=Updating',
  },
  'what is offline does not count': {
    policy: oneAtOnce,
    play: (world) => world.set('c d', { connectivity: 'Offline' }).look(),
    states: 'a=Updating b=Waiting/Budget c=Parked d=Parked',
  },
  'what is offline and was broken does not count': {
    policy: oneAtOnce,
    play: (world) => world.set('d', { connectivity: 'Offline', health: 'Failed' }).look(),
    states: 'a=Updating d=Parked',
  },
  'what is degraded serves, and does not count': {
    policy: oneAtOnce,
    play: (world) => world.set('d', { health: 'Degraded' }).look(),
    states: 'a=Updating d=Waiting/Budget',
  },
  'what another fleet is changing counts': {
    policy: oneAtOnce,
    play: (world) => world.set('d', { busyWith: 'tills' }).look(),
    states: 'a=Waiting/Budget d=Waiting/OtherFleet',
  },
  'what goes offline in the middle of its change gives its place to the next': {
    policy: oneAtOnce,
    play: (world) => world.look().set('a', { connectivity: 'Offline' }).look(),
    states: 'a=Parked b=Updating c=Waiting/Budget',
  },
  'what comes back in the middle of its change counts again': {
    policy: oneAtOnce,
    play: (world) =>
      world
        .look()
        .set('a', { connectivity: 'Offline' })
        .look()
        .obey()
        .set('a', { connectivity: 'Online', takes: 5 })
        .look(),
    states: 'a=Updating b=Updated c=Waiting/Budget',
  },
  'what waits for its reboot window keeps its place': {
    policy: oneAtOnce,
    play: (world) => world.set('a', { waits: true }).steps(3),
    states: 'a=Updating b=Waiting/Budget',
  },
  'what failed and is well again does not count': {
    policy: { ...oneAtOnce, maxFailedSites: 1 },
    play: (world) => world.set('a', { breaks: true }).steps(1),
    states: 'a=Failed b=Updating',
  },
  'what failed and is not well counts': {
    policy: { ...oneAtOnce, maxFailedSites: 1 },
    play: (world) => world.set('a', { breaks: true, health: 'Failed' }).steps(1),
    states: 'a=Failed b=Waiting/Budget',
  },
  'what runs the new revision already takes no place': {
    policy: oneAtOnce,
    play: (world) => world.set('a', { runs: 'v2' }).look(),
    states: 'a=Updated b=Updating c=Waiting/Budget',
  },
}

const groups: Record<string, Case> = {
  'never two devices of one store': {
    policy: perStore,
    play: (world) => stores(world).look(),
    states: 'a=Updating b=Waiting/Budget c=Updating d=Waiting/Budget',
  },
  'a site that waits for its store says which store': {
    policy: perStore,
    play: (world) => stores(world).look(),
    says: { d: /of the sites with store=2 at most 1 may be unavailable at once, and c is/ },
  },
  'sites without the label are a group of their own': {
    policy: perStore,
    play: (world) => world.set('a b', { labels: { store: '1' } }).look(),
    states: 'a=Updating b=Waiting/Budget c=Updating d=Waiting/Budget',
    says: { d: /of the sites without label store at most 1/ },
  },
  'of several budgets all hold': {
    policy: { budgets: [{ maxSites: 1 }, { label: 'store', maxSites: 1 }] },
    play: (world) => stores(world).look(),
    states: 'a=Updating b=Waiting/Budget c=Waiting/Budget d=Waiting/Budget',
  },
  'half of each store': {
    policy: { budgets: [{ label: 'store', maxPercent: 50 }] },
    play: (world) => stores(world).look(),
    states: 'a=Updating b=Waiting/Budget c=Updating d=Waiting/Budget',
  },
  'a broken till in one store does not hold up the other store': {
    policy: perStore,
    play: (world) => stores(world).set('b', { health: 'Failed' }).look(),
    states: 'a=Waiting/Budget b=Updating c=Updating',
  },
  'a site that moves to another store counts there at once': {
    policy: perStore,
    play: (world) =>
      stores(world)
        .look()
        .set('b', { labels: { store: '3' } })
        .look(),
    states: 'a=Updating b=Updating d=Waiting/Budget',
  },
}

const never: Record<string, Case> = {
  'a share that is nobody is said at once': {
    policy: { budgets: [{ maxPercent: 10 }] },
    play: look,
    phase: 'Paused',
    message: /10 % of the 4 sites of the fleet is none at all, so none of them could ever change/,
  },
  'a share that is nobody in one group is said with the group': {
    policy: { budgets: [{ label: 'store', maxPercent: 40 }] },
    play: (world) => stores(world).look(),
    phase: 'Paused',
    message: /40 % of the 2 sites with store=1 is none at all/,
  },
  'a share that is nobody is no matter where nothing runs yet': {
    policy: { budgets: [{ maxPercent: 10 }] },
    previous: null,
    play: (world) => world.steps(2),
    phase: 'Succeeded',
  },
  'a share that is nobody in a group that is done is no matter': {
    policy: { budgets: [{ label: 'store', maxPercent: 50 }] },
    play: (world) =>
      world
        .set('a b', { labels: { store: '1' } })
        .set('c', { labels: { store: '2' }, assigned: { profileRevision: 'p-v2', attempt: 0 } })
        .set('d', { labels: { store: '1' } })
        .set('c', { runs: 'v2' })
        .steps(4),
    phase: 'Succeeded',
  },
  'nobody is asked while a budget could never be met': {
    policy: { budgets: [{ maxPercent: 10 }] },
    play: look,
    states: 'a=Waiting b=Waiting c=Waiting d=Waiting',
    says: { a: /waits, as rollout depots-1 is paused: 10 %/ },
  },
  'once the budget can be met the rollout goes on by itself': {
    policy: { budgets: [{ maxPercent: 10 }] },
    play: (world) =>
      world
        .look()
        .setPolicy({ budgets: [{ maxPercent: 25 }] })
        .look(),
    phase: 'Progressing',
    states: 'a=Updating b=Waiting/Budget',
  },
  'resuming is no way round a budget that could never be met': {
    policy: { budgets: [{ maxPercent: 10 }] },
    play: (world) => {
      world.look().wait(5).control({ action: 'Run' })
      world.look()
    },
    phase: 'Paused',
  },
}

playCases({ ...overall, ...counting, ...groups, ...never })
