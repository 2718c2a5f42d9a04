// How many days of sites a processor second simulates: real agents and a real hub in virtual time. It says
// how large the seeded tests may be. A status an hour and one a minute, while nothing happens, as in most of a fleet's life.
import { createFleet, runUntil, sitesOf } from '@skerry/simulator/fleet'
import { World } from '@skerry/simulator/world'

const sites = 40
const hours = 2
const hourMs = 3_600_000
const roundsPerRow = 3

const rows = [
  { name: 'a status an hour', heartbeatMs: hourMs },
  { name: 'a status a minute', heartbeatMs: 60_000 },
] as const

type Round = { readonly siteDays: number; readonly cpuSeconds: number; readonly events: number }

async function simulateIdle(heartbeatMs: number): Promise<Round> {
  await using world = new World({ seed: 1, sites, heartbeatMs })
  await world.begin()
  await createFleet(world)
  const areSynced = async () =>
    (await sitesOf(world)).filter(({ status }) => status?.sync === 'Synced').length === sites
  if (!(await runUntil(world, 300_000, areSynced))) throw new Error('The sites are not green.')
  const before = world.timeline.happened
  const started = process.cpuUsage()
  await world.run(hours * hourMs)
  const { user, system } = process.cpuUsage(started)
  return {
    siteDays: (sites * hours) / 24,
    cpuSeconds: (user + system) / 1e6,
    events: world.timeline.happened - before,
  }
}

export async function run(): Promise<void> {
  for (const { name, heartbeatMs } of rows) {
    const rounds: Round[] = []
    for (let round = 0; round < roundsPerRow; round += 1)
      rounds.push(await simulateIdle(heartbeatMs))
    const rates = rounds
      .map(({ siteDays, cpuSeconds }) => siteDays / cpuSeconds)
      .toSorted((left, right) => left - right)
    const { siteDays, events } = rounds[0]!
    const [least, median, most] = [rates[0]!, rates[roundsPerRow >> 1]!, rates.at(-1)!]
    console.log(
      `${name}: ${median.toFixed(2)} site-days per CPU second (${least.toFixed(2)} to ${most.toFixed(2)} in ${roundsPerRow} rounds of ${sites} sites for ${hours} h), ${Math.round(events / siteDays)} events a site-day`,
    )
  }
}
