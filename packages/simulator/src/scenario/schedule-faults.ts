import { pushModel } from '../fleet.ts'
import { failingReadsShare, serviceRestartMs, slowLink } from '../limits.ts'
import type { SiteMachine } from '../machine/site-machine.ts'
import type { World } from '../world.ts'
import type { Fault, Scenario } from './scenario.ts'

/** Puts a scenario's faults and deeds on the timeline, from now on. */
export function scheduleScenario(world: World, { faults, deeds }: Scenario): void {
  for (const fault of faults) world.timeline.after(fault.atMs, () => strike(world, fault))
  for (const { atMs, version } of deeds)
    world.timeline.after(atMs, () => {
      pushModel(world, version).catch((error: Error) => world.bugs.push(error))
    })
}

/** All is well again: everything that is down comes up, every link and disk works. */
export function heal(world: World): void {
  world.hubWall.offsetMs = 0
  world.startHub()
  for (const site of world.sites) {
    Object.assign(site.disk.faults, { isFull: false, isReadOnly: false, readFailures: 0 })
    Object.assign(site.weather, { sky: 'Fair', delayMs: 20, lossShare: 0 })
    site.wall.offsetMs = 0
    site.disk.spare()
    site.start()
  }
}

function strike(world: World, fault: Fault): void {
  const { timeline } = world
  if (fault.do === 'kill-hub') {
    world.killHub()
    timeline.after(fault.downMs, () => world.startHub())
    return
  }
  if (fault.do === 'jump-hub-clock') {
    world.hubWall.offsetMs += fault.byMs
    return
  }
  const site = world.sites[fault.site]
  if (site === undefined) return
  const later = (delayMs: number, run: () => void) => void timeline.after(delayMs, run)
  if ('forMs' in fault) return spoil(site, fault, later)
  switch (fault.do) {
    case 'kill-agent':
      site.killAgent()
      return later(fault.downMs, () => site.start())
    case 'cut-power':
      site.losePower()
      return later(fault.downMs, () => site.start())
    case 'cut-power-in-write':
      return site.disk.breakAfter(fault.operations, () => {
        site.losePower()
        later(fault.downMs, () => site.start())
      })
    case 'jump-clock':
      site.wall.offsetMs += fault.byMs
      return
    case 'crash-process':
      return crashProcess(site)
  }
}

type Spoiling = Extract<Fault, { readonly forMs: number }>

/** What goes wrong for a while. */
function spoil(
  site: SiteMachine,
  fault: Spoiling,
  later: (delayMs: number, run: () => void) => void,
): void {
  const { weather } = site
  const { faults } = site.disk
  switch (fault.do) {
    case 'cut-link':
    case 'silence-link':
      weather.sky = fault.do === 'cut-link' ? 'Cut' : 'Silent'
      return later(fault.forMs, () => {
        weather.sky = 'Fair'
      })
    case 'slow-link':
      Object.assign(weather, slowLink)
      return later(fault.forMs, () => Object.assign(weather, { delayMs: 20, lossShare: 0 }))
    case 'fill-disk':
      faults.isFull = true
      return later(fault.forMs, () => {
        faults.isFull = false
      })
    case 'fail-reads':
      faults.readFailures = failingReadsShare
      // Most is read when an agent starts.
      site.killAgent()
      later(serviceRestartMs, () => site.start())
      return later(fault.forMs, () => {
        faults.readFailures = 0
      })
  }
}

function crashProcess({ processes }: SiteMachine): void {
  const [pid] = processes.running.keys()
  if (pid !== undefined) processes.crash(pid)
}
