import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { toError } from '@skerry/base/assert'
import { systemClock, toTimestamp } from '@skerry/base/clock'
import { bootCacheDirectory } from './boot-cache.ts'
import { type Lane, type World, copyBase, ensureBase } from './lane.ts'
import type { Result } from './results.ts'
import type { Scenario } from './scenario.ts'
import { Trial } from './trial.ts'

export type Ran = Result & { readonly consoleTail: string }

/** Runs one scenario on a copy of its lane's machine and hub. Never rejects: a failure is a result. */
export async function runScenario(world: World, lane: Lane, scenario: Scenario): Promise<Ran> {
  const startMs = systemClock.monotonicMs()
  let [processorSeconds, consoleTail] = [0, '']
  let problem: string | undefined
  const directory = join(bootCacheDirectory(), 'runs', `${lane.name}-${scenario.name}`)
  try {
    const base = await copyBase(await ensureBase(world, lane), directory)
    await using trial = new Trial(world, lane, base)
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
  // What failed is left for whoever looks into it; it is overwritten by the next run.
  if (problem === undefined) await rm(directory, { recursive: true, force: true })
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
