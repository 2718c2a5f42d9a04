import { existsSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toError } from '@skerry/base/assert'
import { systemClock, toTimestamp } from '@skerry/base/clock'
import { bootCacheDirectory } from './boot-cache.ts'
import { type Lane, type World, baseFiles, copyBase, ensureBase } from './lane.ts'
import { bootLimits } from './limits.ts'
import type { Result } from './results.ts'
import type { Scenario } from './scenario.ts'
import { Trial } from './trial.ts'

export type Ran = Result & { readonly consoleTail: string }

/** Runs scenarios one after the other, each on a copy of its lane's machine and hub, or on what a tidy one left. */
export class LaneRunner implements AsyncDisposable {
  readonly #world: World
  readonly #lanes: Readonly<Record<Result['secureBoot'], Lane>>
  #left: { readonly trial: Trial; readonly lane: Lane; readonly runs: number } | undefined

  constructor(world: World, lanes: Readonly<Record<Result['secureBoot'], Lane>>) {
    this.#world = world
    this.#lanes = lanes
  }

  /** Never rejects: a failure is a result. What failed on a used machine is run once more on a fresh one. */
  async run(scenario: Scenario, secureBoot: Result['secureBoot']): Promise<Ran> {
    const lane = this.#lanes[secureBoot]
    const left = this.#left
    if (left !== undefined && left.lane === lane && scenario.isTidy === true) {
      left.trial.beginAgain()
      const ran = await this.#run(scenario, lane, { ...left, runs: left.runs + 1 })
      if (ran.hasPassed) return ran
      this.#world.say(
        `${lane.name}: ${scenario.name} failed on a used machine, and begins on a fresh one: ${ran.problem}`,
      )
    }
    return await this.#run(scenario, lane)
  }

  async #run(
    scenario: Scenario,
    lane: Lane,
    used?: { readonly trial: Trial; readonly runs: number },
  ): Promise<Ran> {
    const startMs = systemClock.monotonicMs()
    let [processorSeconds, consoleTail] = [0, '']
    let problem: string | undefined
    try {
      if (used === undefined) await this.#letGo()
      const { trial, runs } = used ?? { trial: await this.#fresh(scenario, lane), runs: 1 }
      this.#left = { trial, lane, runs }
      try {
        const own = await scenario.run(trial)
        processorSeconds = own?.processorSeconds ?? 0
      } finally {
        processorSeconds += trial.processorSeconds
        consoleTail = trial.consoleTail()
      }
    } catch (error) {
      problem = toError(error).message
    }
    const isLeft = problem === undefined && scenario.isTidy === true
    if (!isLeft || this.#left?.runs === bootLimits.tidyRunsMax) await this.#letGo(problem)
    return {
      scenario: scenario.name,
      secureBoot: lane.secureBoot ? 'on' : 'off',
      hasPassed: problem === undefined,
      time: toTimestamp(systemClock.now()),
      clockSeconds: Math.round((systemClock.monotonicMs() - startMs) / 1000),
      processorSeconds: Math.round(processorSeconds),
      consoleTail,
      ...(problem === undefined ? {} : { problem }),
    }
  }

  async #fresh({ hasOwnMachine = false }: Scenario, lane: Lane): Promise<Trial> {
    const directory = join(bootCacheDirectory(), 'runs', lane.name)
    if (!hasOwnMachine) await copyBase(await ensureBase(this.#world, lane), directory)
    return new Trial(this.#world, lane, baseFiles(directory))
  }

  /** What failed stays on the disk for whoever looks into it, until the lane fails again. */
  async #letGo(problem?: string): Promise<void> {
    const left = this.#left
    this.#left = undefined
    if (left === undefined) return
    const { directory } = left.trial.base
    await left.trial[Symbol.asyncDispose]()
    if (problem === undefined) await rm(directory, { recursive: true, force: true })
    else if (existsSync(directory)) {
      await rm(`${directory}-failed`, { recursive: true, force: true })
      await rename(directory, `${directory}-failed`)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#letGo()
  }
}
