import { join } from 'node:path'
import type { World } from '../boot/lane.ts'
import { type BootedState, bootStates } from './boot-states.ts'
import { type CutRow, describeProblems, isAsPromised } from './cut-table.ts'
import { inspectRun } from './inspect-run.ts'
import { cutLimits } from './limits.ts'
import type { RecordedRun } from './record-runs.ts'
import { recordedRuns } from './recorded-runs.ts'

export type CutOptions = {
  readonly directory: string
  readonly seeds?: number
  readonly looks?: number
  /** States of each run that are started. */
  readonly boots?: number
  /** Names of runs and controls; default all. */
  readonly only?: readonly string[]
  /** Logs that are there are taken although something changed since. */
  readonly isKept?: boolean
}

/** Records, inspects and boots; gives one row of the table after the other. */
export async function* cutPowerEverywhere(
  world: World,
  { directory, only, isKept = false, ...counts }: CutOptions,
): AsyncGenerator<CutRow, void, void> {
  const { runs, controls } = await recordedRuns(world, directory, { isKept })
  for (const run of [...runs, ...controls]) {
    if (only !== undefined && !only.includes(run.name)) continue
    yield await rowOf(world, run, {
      ...counts,
      isControl: controls.includes(run),
      work: join(directory, 'state'),
    })
  }
}

type Work = Pick<CutOptions, 'seeds' | 'looks' | 'boots'> & {
  readonly isControl: boolean
  readonly work: string
}

async function rowOf(world: World, run: RecordedRun, options: Work): Promise<CutRow> {
  const { isControl, work, seeds = cutLimits.lossSeeds } = options
  const { looks = cutLimits.sampledStates, boots = cutLimits.bootedStates } = options
  const { name, what, seconds } = run
  const inspected = await inspectRun(world.trees, run, { seeds, looks: isControl ? 0 : looks })
  const { states, lostWriteStates, violationCount } = inspected
  world.say(
    `${name}: ${states} + ${lostWriteStates} states, ${violationCount} violations, ` +
      `${inspected.processorSeconds.toFixed(0)} processor seconds`,
  )
  const booted: BootedState[] = []
  for await (const state of bootStates(world.trees, run, { count: isControl ? 0 : boots, work })) {
    booted.push(state)
    world.say(`  ${state.cut.entries}: ${state.said ?? state.problems.join('; ')}`)
  }
  return { run: { name, what, seconds }, isControl, inspected, booted }
}

/** One problem a line; an empty list is what was promised. */
export function brokenPromises(rows: readonly CutRow[]): string[] {
  return rows
    .filter((row) => !isAsPromised(row))
    .flatMap((row) =>
      row.isControl
        ? [`${row.run.name}: the control passes, so the check cannot fail`]
        : describeProblems(row),
    )
}
