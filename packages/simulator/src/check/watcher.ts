import { rolloutsOf, sitesOf } from '../fleet.ts'
import { lookEveryMs, reportedViolationsMax, statusLagMsMax } from '../limits.ts'
import type { World } from '../world.ts'
import { countProblem } from './check-count.ts'
import { falseClaims } from './check-claims.ts'
import type { Rule, Violation } from './violation.ts'

/** Looks at a world from outside, all the time, and remembers what must not be. */
export class Watcher {
  readonly violations: Violation[] = []
  readonly #world: World
  readonly #told = new Set<string>()
  /** Since when a claim has been false. */
  readonly #falseSinceMs = new Map<string, number>()
  #linesSeen = 0

  constructor(world: World) {
    this.#world = world
    this.#again()
  }

  found(rule: Rule, message: string): void {
    const key = `${rule} ${message}`
    if (this.violations.length >= reportedViolationsMax || this.#told.has(key)) return
    this.#told.add(key)
    this.violations.push({ atMs: this.#world.timeline.elapsedMs, rule, message })
  }

  #again(): void {
    this.#world.timeline.after(lookEveryMs, () => {
      this.#look().catch((error: Error) => this.#world.bugs.push(error))
      this.#again()
    })
  }

  async #look(): Promise<void> {
    await this.#lookAtClaims()
    for (const rollout of await rolloutsOf(this.#world)) {
      const problem = countProblem(rollout)
      if (problem !== undefined) this.found('whole-count', problem)
    }
    this.#lookAtLog()
  }

  async #lookAtClaims(): Promise<void> {
    const nowMs = this.#world.timeline.elapsedMs
    const seen = new Set<string>()
    const machines = new Map(this.#world.sites.map((machine) => [machine.name, machine]))
    for (const site of await sitesOf(this.#world)) {
      const machine = machines.get(site.metadata.name)
      for (const claim of machine === undefined ? [] : falseClaims(site, machine)) {
        const key = `${site.metadata.name}: ${claim}`
        seen.add(key)
        const sinceMs = this.#falseSinceMs.get(key) ?? nowMs
        this.#falseSinceMs.set(key, sinceMs)
        if (nowMs - sinceMs > statusLagMsMax)
          this.found(
            'true-status',
            `${key}, which has not been so for more than ${statusLagMsMax / 1000} s`,
          )
      }
    }
    for (const key of this.#falseSinceMs.keys()) if (!seen.has(key)) this.#falseSinceMs.delete(key)
  }

  #lookAtLog(): void {
    const { logged } = this.#world
    for (const line of logged.slice(this.#linesSeen))
      if (line.level === 'error' && !isExpected(line.message))
        this.found('no-error', `${line.message} ${JSON.stringify(line.fields)}`)
    this.#linesSeen = logged.length
  }
}

/** What an agent says of a disk that is bad, and is. */
const expected = [
  /^A state file cannot be read/,
  /^Measurements are lost/,
  /^The spool does not work/,
]

const isExpected = (message: string) => expected.some((pattern) => pattern.test(message))
