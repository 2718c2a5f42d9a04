import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '@skerry/base/clock'
import type { FactoryCache } from '../debian/factory-cache.ts'
import { stepIdleMs, stepsKept } from './limits.ts'

export type KeptStep = {
  /** Directory name: the step and what it depends on. */
  readonly name: string
  /** When it was made or last used. */
  readonly usedMs: number
}

/**
 * Which steps may go: of each sort all but the newest few, and none that was used lately, since another build
 * may be reading it. Whoever builds each day has a bounded cache.
 */
export function oldSteps(steps: readonly KeptStep[], nowMs: number): string[] {
  const bySort = Object.values(Object.groupBy(steps, ({ name }) => sortOf(name) ?? ''))
  return bySort.flatMap((sort = []) =>
    sort
      .filter(({ name }) => sortOf(name) !== undefined)
      .toSorted((left, right) => right.usedMs - left.usedMs)
      .slice(stepsKept)
      .filter(({ usedMs }) => nowMs - usedMs > stepIdleMs)
      .map(({ name }) => name),
  )
}

/** `root-file-system` of `root-file-system-0123…`; what is called otherwise is not a step. */
const sortOf = (name: string) => /^([a-z0-9-]+)-[0-9a-f]{32}$/.exec(name)?.[1]

export async function clearOldSteps(
  { roots }: Pick<FactoryCache, 'roots'>,
  clock: Pick<Clock, 'now'>,
): Promise<void> {
  const steps: KeptStep[] = []
  for (const name of await readdir(roots)) {
    const found = await stat(join(roots, name)).catch(() => undefined)
    if (found?.isDirectory() === true) steps.push({ name, usedMs: found.mtimeMs })
  }
  for (const name of oldSteps(steps, clock.now()))
    await rm(join(roots, name), { recursive: true, force: true })
}
