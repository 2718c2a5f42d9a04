import { partitionLabels } from '@skerry/api/os/os-layout'
import { type PowerCutReport, checkPowerCuts } from '@skerry/factory/lab/check-power-cuts'
import { type DiskView, openDiskFile } from '@skerry/factory/lab/disk-view'
import type { CutRule } from '@skerry/factory/lab/inspected-disk'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import { type PowerCut, diskAfter } from '@skerry/factory/lab/logged-disk'
import { readPartitionTable } from '@skerry/factory/lab/partition-table'
import { readWriteLog, sectorBytes } from '@skerry/factory/lab/write-log'
import { type SectorRange, chooseStates, tellingEntries } from './chosen-states.ts'
import { survivesCut } from './cut-rule.ts'
import { cutLimits } from './limits.ts'
import { lookClosely } from './look-closely.ts'
import type { RecordedRun } from './record-runs.ts'

export type InspectedRun = PowerCutReport & {
  readonly espWrites: number
  /** What fsck.fat, e2fsck and the journal's reader say of the states that were chosen. */
  readonly looks: readonly { readonly cut: PowerCut; readonly problems: readonly string[] }[]
  readonly processorSeconds: number
}

export type InspectOptions = {
  readonly rule?: CutRule
  readonly seeds?: number
  readonly looks?: number
}

/** Every prefix of a log and every seed of losses; a few states more closely. */
export async function inspectRun(
  trees: Pick<LabTrees, 'tools'>,
  run: RecordedRun,
  options: InspectOptions = {},
): Promise<InspectedRun> {
  const {
    rule = survivesCut(run.badImageIds),
    seeds = cutLimits.lossSeeds,
    looks: count = 0,
  } = options
  using base = openDiskFile(run.base)
  using log = readWriteLog(run.log)
  const before = process.cpuUsage()
  const report = await checkPowerCuts({ base, log, images: run.images, rule, seeds })
  const esp = espSectors(base)
  const looks: InspectedRun['looks'][number][] = []
  for (const cut of chooseStates(log.entries, esp, { count, seed: 1 }))
    looks.push({ cut, problems: await lookClosely(trees, run, diskAfter(base, log, cut)) })
  const { user, system } = process.cpuUsage(before)
  return {
    ...report,
    espWrites: tellingEntries(log.entries, esp).length,
    looks,
    processorSeconds: (user + system) / 1e6,
  }
}

export function espSectors(disk: DiskView): SectorRange {
  const table = readPartitionTable(disk)
  const esp = table.ok
    ? table.partitions.find(({ label }) => label === partitionLabels.esp)
    : undefined
  if (esp === undefined) throw new Error('The disk has no ESP')
  return { first: esp.offset / sectorBytes, end: (esp.offset + esp.sizeBytes) / sectorBytes }
}
