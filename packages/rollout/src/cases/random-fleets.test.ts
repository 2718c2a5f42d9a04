import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ZoneCalendar } from '@skerry/api/windows/calendar'
import { type Random, seededRandom } from '@skerry/base/random'
import { explainSite } from '../explain-site.ts'
import { type FakeSite, World } from '../testing/rollout-world.ts'

// What must hold of any fleet on any day. A run that fails names its seed: play it alone by SEED=n.

const runs = 80
const steps = 60
const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Mars/Olympus']
const install = [{ cron: '0 1 * * *', durationMinutes: 240 }]
const download = [{ cron: '0 20 * * *', durationMinutes: 180 }]
/** The nights when clocks are put, among them. */
const beginnings = [
  '2026-03-28T20:00Z',
  '2026-10-24T20:00Z',
  '2026-10-03T10:00Z',
  '2026-06-01T00:00Z',
]

type Play = { readonly world: World; readonly random: Random; readonly policy: Policy }
type Policy = {
  readonly budgets: readonly { readonly label?: string; readonly maxSites: number }[]
  readonly windows?: { readonly install: typeof install; readonly download?: typeof download }
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random.next() * items.length)]!
}

function openPlay(seed: number): Play {
  const random = seededRandom(seed)
  const chance = (share: number) => random.next() < share
  const count = 3 + Math.floor(random.next() * 12)
  const policy: Policy = {
    budgets: [
      ...(chance(0.6) ? [{ maxSites: 1 + Math.floor(random.next() * 4) }] : []),
      ...(chance(0.6) ? [{ label: 'store', maxSites: 1 }] : []),
    ],
    ...(chance(0.6) ? { windows: { install, ...(chance(0.4) ? { download } : {}) } } : {}),
  }
  const world = new World(
    Array.from({ length: count }, (_, at) => `site-${String(at).padStart(2, '0')}`),
    {
      ...policy,
      gates: [],
      soakSeconds: pick(random, [0, 60, 3600]),
      canary: { sites: pick(random, [0, 1, 2]) },
      waves: chance(0.5) ? [{ name: 'half', percent: 50 }] : [],
      siteRetries: pick(random, [0, 1, 3]),
      maxFailedSites: pick(random, [0, 1, 5]),
      siteTimeoutSeconds: 3600,
      waitLimitSeconds: pick(random, [7200, 604_800]),
      onFailure: pick(random, ['Pause', 'RollBackWave', 'RollBackAll']),
    },
  ).at(pick(random, beginnings))
  for (const site of world.sites) {
    site.labels = { store: pick(random, ['1', '2', '3']) }
    site.timeZone = pick(random, zones)
  }
  return { world, random, policy }
}

function shake({ world, random }: Play): void {
  const chance = (share: number) => random.next() < share
  const site = () => pick(random, world.sites)
  if (chance(0.3)) site().connectivity = pick(random, ['Online', 'Offline', 'Online'])
  if (chance(0.05)) site().breaks = chance(0.5)
  if (chance(0.1)) site().health = pick(random, ['Healthy', 'Healthy', 'Failed'])
  if (chance(0.2)) site().takes = Math.floor(random.next() * 4)
  if (chance(0.03)) world.control({ action: pick(random, ['Pause', 'Run', 'Run', 'Abort']) })
  if (chance(0.03))
    world.control({ action: 'Run', retries: world.rollout.spec.control.retries + 1 })
  if (chance(0.02)) world.askSite('Skip', site().name)
  if (chance(0.05)) site().labels = { store: pick(random, ['1', '2', '3']) }
  if (chance(0.02)) site().busyWith = pick(random, ['tills', undefined])
  if (chance(0.02))
    Object.assign(site(), { assigned: undefined, runs: undefined, failed: [], fetched: false })
  if (chance(0.7)) world.obey()
  world.wait(pick(random, [2, 60, 600, 3600, 3600]))
}

/** Everything that a site was given in this look, with what was true just before. */
function newlyAsked(world: World, before: ReadonlyMap<string, FakeSite>): FakeSite[] {
  return world.sites.filter((site) => {
    const old = before.get(site.name)!
    // Where nothing ran in full nothing is hurt.
    if (old.assigned === undefined || old.runs !== contentOf(old)) return false
    const isMoved = site.assigned?.profileRevision !== old.assigned?.profileRevision
    // Whoever is called back before it has changed does not change.
    return isMoved && site.runs !== contentOf(site)
  })
}

function contentOf(site: FakeSite): string {
  return site.assigned?.profileRevision === 'p-v2' ? 'v2' : 'v1'
}

function isAway(site: FakeSite): boolean {
  if (site.connectivity !== 'Online') return false
  const isKnownBad = site.failed.some(({ digest }) => digest === contentOf(site))
  return site.health === 'Failed' || (site.runs !== contentOf(site) && !isKnownBad)
}

type Look = {
  readonly asked: readonly FakeSite[]
  /** Sites on which nothing ran until now: they take no place until they have begun. */
  readonly filled: ReadonlySet<string>
  readonly where: string
}

function checkBudgets({ world, policy }: Play, { asked, filled, where }: Look): void {
  for (const { label, maxSites } of policy.budgets)
    for (const site of asked) {
      const group = world.sites.filter(
        (other) => label === undefined || other.labels[label] === site.labels[label],
      )
      const away = group.filter((other) => isAway(other) && !filled.has(other.name))
      if (site.health === 'Failed') continue
      assert.ok(
        away.length <= maxSites,
        `${where}: ${site.name} was asked while ${away.map(({ name }) => name).join(', ')} are unavailable, ${maxSites} allowed`,
      )
    }
}

function checkWindows({ world, policy }: Play, asked: readonly FakeSite[], where: string): void {
  if (policy.windows === undefined) return
  const { install: nights, download: evenings } = policy.windows
  for (const { name, timeZone, fetched, assigned } of asked) {
    const isOpen = (part: typeof install) => isOpenAt(part, timeZone, world.nowMs)
    assert.ok(isOpen(nights), `${where}: ${name} was asked outside its window`)
    const isNext = assigned?.profileRevision === 'p-v2'
    if (evenings !== undefined && isNext)
      assert.ok(fetched || isOpen(evenings), `${where}: ${name} was asked before it had fetched`)
  }
  for (const { name, timeZone, assigned } of world.sites)
    if (assigned?.next?.isOpen === true)
      assert.ok(
        evenings !== undefined && isOpenAt(evenings, timeZone, world.nowMs),
        `${where}: ${name} fetches outside its window`,
      )
}

function isOpenAt(windows: typeof install, zone: string, atMs: number): boolean {
  return (
    zone !== 'Mars/Olympus' && new ZoneCalendar({ windows, blackouts: [] }, zone).at(atMs).isOpen
  )
}

/** parked + failed + done + waiting = all, and nobody is in two places. */
function checkConservation({ status, sites }: World, where: string): void {
  const { total = 0, updated = 0, failed = 0, parked = 0 } = status
  const { waiting = 0, skipped = 0, rolledBack = 0 } = status
  const sum = updated + failed + parked + waiting + skipped + rolledBack
  assert.equal(sum, total, `${where}: ${JSON.stringify(status)}`)
  const names = (status.sites ?? []).map(({ name }) => name)
  assert.equal(new Set(names).size, names.length, `${where}: a site stands twice`)
  assert.equal(names.length, sites.length, `${where}: a site is missing`)
  for (const wave of status.waves ?? [])
    for (const name of wave.sites)
      assert.equal(status.sites?.find((site) => site.name === name)?.wave, wave.name, where)
}

function checkReasons(world: World, where: string): void {
  for (const { name, state, hold, message } of world.status.sites ?? []) {
    const said = explainSite(world.rollout, name, world.facts(), world.nowMs)
    assert.ok(said.length > 20 && said.endsWith('.'), `${where}: ${said}`)
    if (hold !== undefined)
      assert.ok(message !== undefined, `${where}: ${name} is held without a word`)
    if (hold === 'Download' || hold === 'OtherFleet') assert.match(said, /waits/, where)
    if (state === 'Updating' || state === 'Updated' || state === 'Failed')
      assert.equal(hold, undefined, `${where}: ${name} is ${state} and held`)
  }
}

/** Looks, and names the seed when looking again says something else. */
function look(world: World, where: string): void {
  try {
    world.look()
  } catch (cause) {
    throw new Error(where, { cause })
  }
}

function playOnce(seed: number): void {
  const play = openPlay(seed)
  const { world } = play
  for (let step = 0; step < steps; step += 1) {
    shake(play)
    const where = `SEED=${seed} step ${step}`
    const before = new Map(structuredClone(world.sites).map((site) => [site.name, site]))
    look(world, where)
    const asked = newlyAsked(world, before)
    const filled = new Set(
      [...before.values()].filter((old) => old.assigned === undefined).map(({ name }) => name),
    )
    checkBudgets(play, { asked, filled, where })
    checkWindows(play, asked, where)
    checkConservation(world, where)
    if (step % 10 === 0) checkReasons(world, where)
  }
  // Nothing more happens to it: then it ends, or a person is asked for.
  for (const site of world.sites)
    Object.assign(site, {
      breaks: false,
      health: 'Healthy',
      connectivity: 'Online',
      takes: 0,
      busyWith: undefined,
    })
  const { retries } = world.rollout.spec.control
  world.control({ action: 'Run', retries: retries + 1 })
  for (let look = 0; look < 40 * 4; look += 1)
    world
      .look()
      .obey()
      .wait(6 * 3600 - 1800)
  const { phase, message } = world.look().status
  const isEnd = phase !== undefined && !['Pending', 'Progressing', 'RollingBack'].includes(phase)
  assert.ok(isEnd, `SEED=${seed}: after 40 quiet days it is ${phase}: ${message}`)
}

const only = process.env['SEED']
const seeds = only === undefined ? Array.from({ length: runs }, (_, at) => at + 1) : [Number(only)]

test(`${seeds.length} random fleets keep budgets, windows and the count of their sites, and end (seeds ${seeds[0]} to ${seeds.at(-1)})`, () => {
  for (const seed of seeds) playOnce(seed)
})
