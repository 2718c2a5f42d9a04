import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import type { World } from '../boot/lane.ts'
import { harnessSources, imageSources, sourceKey } from '../boot/source-key.ts'
import { carelessNames, recordCareless } from './record-careless.ts'
import { type RecordedRun, recordRuns } from './record-runs.ts'

export type RecordedRuns = {
  /** What machines did by themselves. */
  readonly runs: readonly RecordedRun[]
  /** In these the check must find something. */
  readonly controls: readonly RecordedRun[]
}

/** The logs of writes, from the directory if nothing changed that they depend on. `isKept`: whatever changed. */
export async function recordedRuns(
  world: World,
  directory: string,
  { isKept = false }: { readonly isKept?: boolean } = {},
): Promise<RecordedRuns> {
  const stamp = join(directory, 'runs.json')
  const sources = [...imageSources, ...harnessSources, 'e2e/power-cuts/{record,image}-*.ts']
  const key = digestOf(sourceKey(sources))
  const text = await readFile(stamp, 'utf8').catch(() => undefined)
  const before =
    text === undefined ? undefined : (JSON.parse(text) as RecordedRuns & { readonly key: string })
  if (before !== undefined && (isKept || before.key === key)) return before
  await mkdir(directory, { recursive: true })
  const runs: RecordedRun[] = []
  for await (const run of recordRuns(world, directory)) {
    runs.push(run)
    world.say(`recorded ${run.name} in ${run.seconds.toFixed(0)} s`)
  }
  const upgrade = runs.find(({ name }) => name === 'upgrade')
  const controls: RecordedRun[] = []
  if (upgrade !== undefined)
    for (const name of carelessNames)
      controls.push(await recordCareless(world.trees, upgrade, name, join(directory, name)))
  await writeFile(stamp, JSON.stringify({ key, runs, controls }))
  return { runs, controls }
}
