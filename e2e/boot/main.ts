import { systemClock } from '@skerry/base/clock'
import { toError } from '@skerry/base/assert'
import { ensureLabTrees } from '@skerry/factory/lab/lab-trees'
import { openTestImages } from './build-test-images.ts'
import { type World, laneOf } from './lane.ts'
import { keepResult, keyOf, knownResult, type Result } from './results.ts'
import { LaneRunner } from './lane-runner.ts'
import {
  type RunnerOptions,
  isWanted,
  parseRunnerOptions,
  runnerUsage,
  shardOf,
} from './runner-options.ts'
import type { Scenario, SecureBootChoice } from './scenario.ts'
import { scenarios } from './scenarios.ts'

type Task = {
  readonly scenario: Scenario
  readonly secureBoot: SecureBootChoice
  readonly key: string
}

const startMs = systemClock.monotonicMs()

/** One process writes all lines, so that those of two machines do not mix. */
function say(line: string): void {
  const seconds = Math.round((systemClock.monotonicMs() - startMs) / 1000)
  process.stdout.write(`${String(seconds).padStart(5)} ${line}\n`)
}

try {
  process.exitCode = await run(parseRunnerOptions(process.argv.slice(2)))
} catch (error) {
  process.stderr.write(`${toError(error).message}\n\n${runnerUsage}\n`)
  process.exitCode = 2
}

async function run(options: RunnerOptions): Promise<number> {
  const wanted = scenarios[options.suite].filter(({ name }) => isWanted(name, options.only))
  const all = wanted.flatMap((scenario) =>
    options.secureBoot
      .filter((secureBoot) => secureBoot === 'off' || scenario.isAlsoSecure !== false)
      .map((secureBoot) => ({ scenario, secureBoot })),
  )
  const mine = shardOf(all, options.shard)
  if (mine.length === 0) throw new Error(`--only ${options.only}: no scenario has such a name`)
  const world: World = { trees: await ensureLabTrees(), images: await openTestImages(say), say }
  const results: Result[] = []
  const open: Task[] = []
  for (const { scenario, secureBoot } of mine) {
    const key = await keyOf(scenario, world.images)
    const known = options.isAgain ? undefined : await knownResult(scenario, secureBoot, key)
    if (known === undefined) open.push({ scenario, secureBoot, key })
    else results.push(known)
  }
  for (const { scenario, secureBoot, time } of results)
    say(`passed before, at ${time}: ${scenario}, Secure Boot ${secureBoot}`)
  if (options.isList) {
    for (const { scenario, secureBoot } of open)
      say(`to run: ${scenario.name}, Secure Boot ${secureBoot}: ${scenario.what}`)
    return 0
  }
  results.push(...(await runAll(world, open, options.jobs)))
  process.stdout.write(`\n${tableOf(results)}\n`)
  return results.every(({ hasPassed }) => hasPassed) ? 0 : 1
}

/** Each lane is one machine at a time; lanes take their next task from the tasks of their sort. */
async function runAll(world: World, tasks: Task[], jobs: number): Promise<Result[]> {
  const results: Result[] = []
  const left = { off: [] as Task[], on: [] as Task[] }
  // Those that can share a machine follow each other.
  for (const task of tasks.toSorted((a, b) => Number(isTidy(b)) - Number(isTidy(a))))
    left[task.secureBoot].push(task)
  const lanes = Array.from({ length: jobs }, (_, index) => index)
  await Promise.all(
    lanes.map(async (index) => {
      const own: SecureBootChoice = index % 2 === 0 ? 'off' : 'on'
      const other: SecureBootChoice = own === 'on' ? 'off' : 'on'
      await using runner = new LaneRunner(world, {
        off: laneOf(false, index),
        on: laneOf(true, index),
      })
      for (;;) {
        const task = left[own].shift() ?? left[other].shift()
        if (task === undefined) return
        results.push(await runTask(runner, task))
      }
    }),
  )
  return results
}

function isTidy({ scenario }: Task): boolean {
  return scenario.isTidy === true
}

async function runTask(runner: LaneRunner, task: Task): Promise<Result> {
  const { scenario, secureBoot, key } = task
  const who = `${scenario.name}, Secure Boot ${secureBoot}`
  say(`${who}: ${scenario.what}`)
  const { consoleTail, ...result } = await runner.run(scenario, secureBoot)
  await keepResult(key, result)
  const { clockSeconds, processorSeconds, problem } = result
  say(
    `${who}: ${problem === undefined ? 'passed' : 'FAILED'} in ${clockSeconds} s (${processorSeconds} processor seconds)`,
  )
  if (problem !== undefined) process.stdout.write(`${problem}\n${consoleTail}\n`)
  return result
}

function tableOf(results: readonly Result[]): string {
  const rows = results
    .toSorted(
      (a, b) => a.scenario.localeCompare(b.scenario) || a.secureBoot.localeCompare(b.secureBoot),
    )
    .map(({ scenario, secureBoot, hasPassed, clockSeconds, processorSeconds }) =>
      [
        scenario.padEnd(28),
        `Secure Boot ${secureBoot}`.padEnd(16),
        hasPassed ? 'passed' : 'FAILED',
        `${clockSeconds} s`.padStart(7),
        `${processorSeconds} processor s`.padStart(18),
      ].join(' '),
    )
  const failed = results.filter(({ hasPassed }) => !hasPassed).length
  return [...rows, `${results.length - failed} passed, ${failed} failed`].join('\n')
}
