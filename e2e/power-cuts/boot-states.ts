import { copyFile, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DiskInspector } from '@skerry/factory/lab/disk-inspector'
import { openDiskFile } from '@skerry/factory/lab/disk-view'
import { describeDisk } from '@skerry/factory/lab/inspected-disk'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import { type PowerCut, diskAfter } from '@skerry/factory/lab/logged-disk'
import { MachineError } from '@skerry/factory/lab/machine-error'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { readWriteLog } from '@skerry/factory/lab/write-log'
import { writeSparse } from '@skerry/factory/lab/write-sparse'
import { chooseStates } from './chosen-states.ts'
import { survivesCut } from './cut-rule.ts'
import { espSectors } from './inspect-run.ts'
import { cutLimits } from './limits.ts'
import type { RecordedRun } from './record-runs.ts'

export type BootedState = {
  readonly cut: PowerCut
  /** What the next start was to find. */
  readonly found: string
  /** What the agent said of the image that it came up on. */
  readonly said?: string
  readonly problems: readonly string[]
  readonly processorSeconds: number
}

/** Starts machines from states that power cuts left, and waits until an agent speaks from a known image. */
export async function* bootStates(
  trees: LabTrees,
  run: RecordedRun,
  { count, work }: { readonly count: number; readonly work: string },
): AsyncGenerator<BootedState, void, void> {
  using base = openDiskFile(run.base)
  using log = readWriteLog(run.log)
  using inspector = new DiskInspector(run.images, base)
  for (const cut of chooseStates(log.entries, espSectors(base), { count, seed: 2 })) {
    await rm(work, { recursive: true, force: true })
    await mkdir(work, { recursive: true })
    const state = diskAfter(base, log, cut)
    const disk = join(work, 'disk.raw')
    await writeSparse(state, disk)
    const found = describeDisk(inspector.inspect(state))
    const booted = await bootState(trees, run, { disk, work })
    using after = openDiskFile(disk)
    // The agent has mended what it found, and its own acts are cut off here once more.
    const problems = [...booted.problems, ...survivesCut(run.badImageIds)(inspector.inspect(after))]
    yield { cut, found, ...booted, problems }
  }
  await rm(work, { recursive: true, force: true })
}

const agentLine = /^skerry: image \S+ \((\w+)\) runs from (\S+), /

async function bootState(
  trees: LabTrees,
  run: RecordedRun,
  { disk, work }: { readonly disk: string; readonly work: string },
): Promise<Pick<BootedState, 'said' | 'problems' | 'processorSeconds'>> {
  const variables = join(work, 'variables.fd')
  await copyFile(run.variables, variables)
  await using machine = await startMachine({
    trees,
    memoryMiB: 768,
    cpus: 1,
    variables,
    watchdog: true,
    network: {},
    disks: [{ file: disk }],
    consoleFile: join(work, 'console.log'),
  })
  try {
    const { bootProcessorSecondsMax: processorSecondsMax } = cutLimits
    const { text } = await machine.waitFor(agentLine, { processorSecondsMax })
    const [, prefix = ''] = agentLine.exec(text) ?? []
    const isKnown = run.images.some(({ imageId }) => imageId.startsWith(prefix))
    const problems = isKnown ? [] : [`an unknown image runs: ${text}`]
    return { said: text, problems, processorSeconds: machine.processorSeconds }
  } catch (error) {
    if (!(error instanceof MachineError)) throw error
    return { problems: [error.message], processorSeconds: machine.processorSeconds }
  }
}
