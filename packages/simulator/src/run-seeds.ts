import { type ScenarioResult, runScenario } from './scenario/run-scenario.ts'
import {
  type Scenario,
  type ScenarioSize,
  describeFault,
  largeSize,
  planScenario,
  smallSize,
} from './scenario/scenario.ts'
import { shrinkScenario } from './scenario/shrink-scenario.ts'

export type SeedsOptions = {
  readonly firstSeed: number
  readonly seeds: number
  readonly size: string
  /** Numbers of faults that are left out. */
  readonly without: readonly number[]
  /** The bug that was put in, for the command that replays. */
  readonly plant: string | undefined
  readonly shrinks: boolean
  readonly write: (line: string) => void
}

const sizes: Readonly<Record<string, ScenarioSize>> = { small: smallSize, large: largeSize }

/** Runs seed after seed. The first that is not well is told, with the command that replays it; false then. */
export async function runSeeds(options: SeedsOptions): Promise<boolean> {
  const size = sizes[options.size]
  if (size === undefined)
    throw new RangeError(`--size ${options.size}: must be one of ${Object.keys(sizes).join(', ')}`)
  const { firstSeed, seeds, without, write } = options
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const whole = planScenario(seed, size)
    const scenario = { ...whole, faults: whole.faults.filter((_, at) => !without.includes(at)) }
    const result = await runScenario(scenario)
    if (result.violations.length > 0) {
      await tellFailure(options, { whole, scenario, result })
      return false
    }
    const { digest, messages, events, elapsedMs, rollouts } = result
    const minutes = Math.round(elapsedMs / 60_000)
    write(
      `seed ${seed}: well; ${minutes} min, ${events} events, ${messages} messages, ${rollouts.length} rollouts, ${digest}`,
    )
  }
  return true
}

type Failure = {
  readonly whole: Scenario
  readonly scenario: Scenario
  readonly result: ScenarioResult
}

async function tellFailure(
  options: SeedsOptions,
  { whole, scenario, result }: Failure,
): Promise<void> {
  const { write } = options
  write(`seed ${scenario.seed}: FAILED`)
  const { rule } = result.violations[0]!
  const least = options.shrinks
    ? await shrinkScenario(scenario, async (smaller) =>
        (await runScenario(smaller)).violations.some((each) => each.rule === rule),
      )
    : scenario
  for (const fault of least.faults) write(`  ${describeFault(fault)}`)
  const { violations } = options.shrinks ? await runScenario(least) : result
  for (const each of violations)
    write(`  ${(each.atMs / 1000).toFixed(1)} s: ${each.rule}: ${each.message}`)
  write(`replay: ${commandOf(options, whole, least)}`)
}

/** The command that runs exactly this again. */
function commandOf({ size, plant }: SeedsOptions, whole: Scenario, least: Scenario): string {
  const without = whole.faults.flatMap((fault, at) => (least.faults.includes(fault) ? [] : [at]))
  return [
    `node packages/simulator/src/main.ts --seed ${whole.seed} --size ${size}`,
    ...(without.length === 0 ? [] : [`--without ${without.join(',')}`]),
    ...(plant === undefined ? [] : [`--plant ${plant}`]),
  ].join(' ')
}
