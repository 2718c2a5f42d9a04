import assert from 'node:assert/strict'
import { join } from 'node:path'
import { brokenPromises, cutPowerEverywhere } from '../../power-cuts/cut-power-everywhere.ts'
import { type CutRow, formatTable } from '../../power-cuts/cut-table.ts'
import { bootCacheDirectory } from '../boot-cache.ts'
import type { Scenario } from '../scenario.ts'

/** Every prefix as in `npm run bench -- power-cuts`, but fewer losses, and fewer states looked into and booted. */
const few = { seeds: 6, looks: 8, boots: 2 }

export const powerCuts: readonly Scenario[] = [
  {
    name: 'power-cuts-everywhere',
    what: 'the power goes at every write of a first boot, an upgrade, a way back and two fallbacks',
    images: ['good2', 'panics', 'unhealthy'],
    sources: ['e2e/power-cuts/*.ts'],
    // What is written to the disk does not depend on who signed it.
    isAlsoSecure: false,
    hasOwnMachine: true,
    async run({ world }) {
      const directory = join(bootCacheDirectory(), 'power-cuts')
      const rows: CutRow[] = []
      for await (const row of cutPowerEverywhere(world, { directory, ...few })) rows.push(row)
      for (const line of formatTable(rows).split('\n')) world.say(line)
      assert.deepEqual(brokenPromises(rows), [])
    },
  },
]
