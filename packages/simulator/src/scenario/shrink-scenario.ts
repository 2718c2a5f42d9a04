import { shrinkRunsMax } from '../limits.ts'
import type { Fault, Scenario } from './scenario.ts'

/**
 * Leaves out faults for as long as the scenario still fails: halves first, then ever smaller parts (delta
 * debugging, Zeller 2002), so that what is left is what it takes.
 */
export async function shrinkScenario(
  failing: Scenario,
  fails: (smaller: Scenario) => Promise<boolean>,
): Promise<Scenario> {
  let faults: readonly Fault[] = failing.faults
  let runs = 0
  const stillFails = async (fewer: readonly Fault[]): Promise<boolean> => {
    runs += 1
    return runs <= shrinkRunsMax && fails({ ...failing, faults: fewer })
  }
  if (faults.length > 0 && (await stillFails([]))) return { ...failing, faults: [] }
  let parts = 2
  while (faults.length > 1 && runs < shrinkRunsMax) {
    const size = Math.ceil(faults.length / parts)
    const fewer = await firstThatFails(faults, size, stillFails)
    if (fewer !== undefined) {
      faults = fewer
      parts = Math.max(2, parts - 1)
    } else if (size === 1) break
    else parts = Math.min(faults.length, parts * 2)
  }
  return { ...failing, faults }
}

/** The faults without one part of them, if they still fail without it. */
async function firstThatFails(
  faults: readonly Fault[],
  size: number,
  stillFails: (fewer: readonly Fault[]) => Promise<boolean>,
): Promise<readonly Fault[] | undefined> {
  for (let start = 0; start < faults.length; start += size) {
    const fewer = faults.filter((_, at) => at < start || at >= start + size)
    if (await stillFails(fewer)) return fewer
  }
  return undefined
}
