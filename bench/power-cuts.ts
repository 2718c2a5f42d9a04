// Power cuts: every write of a machine's life, cut. The table of e2e/power-cuts, with more states looked
// into and booted, and all that was found as raw numbers.
import { join } from 'node:path'
import { ensureLabTrees } from '@skerry/factory/lab/lab-trees'
import { bootCacheDirectory } from '../e2e/boot/boot-cache.ts'
import { openTestImages } from '../e2e/boot/build-test-images.ts'
import { brokenPromises, cutPowerEverywhere } from '../e2e/power-cuts/cut-power-everywhere.ts'
import { type CutRow, formatTable, rawRow } from '../e2e/power-cuts/cut-table.ts'
import { writeResults } from './lib-results.ts'

export async function run(): Promise<void> {
  const say = (line: string) => console.error(line)
  const world = { trees: await ensureLabTrees(), images: await openTestImages(say), say }
  const directory = join(bootCacheDirectory(), 'power-cuts')
  const startMs = performance.now()
  const rows: CutRow[] = []
  for await (const row of cutPowerEverywhere(world, { directory })) rows.push(row)
  const broken = brokenPromises(rows)
  console.log(formatTable(rows))
  for (const line of broken) console.log(line)
  const seconds = Math.round((performance.now() - startMs) / 1000)
  writeResults('power-cuts', { seconds, broken, rows: rows.map(rawRow) })
  if (broken.length > 0) process.exitCode = 1
}
