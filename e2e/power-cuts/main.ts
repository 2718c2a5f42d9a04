// Cuts the power at every write of a machine's life and asks what the next start would find:
//   node e2e/power-cuts/main.ts [--boots 12] [--looks 24] [--seeds 20] [--only NAME] [--keep] [--out FILE]
// `--keep` takes the logs that are there although something changed since. Exits with 1 when a state does
// not boot a known image, or when a control passes.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ensureLabTrees } from '@skerry/factory/lab/lab-trees'
import { bootCacheDirectory } from '../boot/boot-cache.ts'
import { openTestImages } from '../boot/build-test-images.ts'
import { brokenPromises, cutPowerEverywhere } from './cut-power-everywhere.ts'
import { type CutRow, formatTable, rawRow } from './cut-table.ts'
import { cutLimits } from './limits.ts'

const { values } = parseArgs({
  options: {
    boots: { type: 'string', default: `${cutLimits.bootedStates}` },
    looks: { type: 'string', default: `${cutLimits.sampledStates}` },
    seeds: { type: 'string', default: `${cutLimits.lossSeeds}` },
    only: { type: 'string', multiple: true },
    keep: { type: 'boolean', default: false },
    directory: { type: 'string', default: join(bootCacheDirectory(), 'power-cuts') },
    out: { type: 'string' },
  },
})
const say = (line: string) => console.error(line)
const world = { trees: await ensureLabTrees(), images: await openTestImages(say), say }
const rows: CutRow[] = []
for await (const row of cutPowerEverywhere(world, {
  directory: values.directory,
  boots: Number(values.boots),
  looks: Number(values.looks),
  seeds: Number(values.seeds),
  isKept: values.keep,
  ...(values.only === undefined ? {} : { only: values.only }),
})) {
  rows.push(row)
  if (values.out !== undefined)
    await writeFile(values.out, JSON.stringify(rows.map(rawRow), undefined, 1))
}
console.log(formatTable(rows))
const broken = brokenPromises(rows)
for (const line of broken) console.log(line)
process.exitCode = broken.length === 0 ? 0 : 1
