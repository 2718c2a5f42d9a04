import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partitionLabels } from '@skerry/api/os/os-layout'
import { checkExt4 } from '@skerry/factory/lab/check-ext4'
import { DiskInspector } from '@skerry/factory/lab/disk-inspector'
import { type DiskView, openDiskFile, partOf } from '@skerry/factory/lab/disk-view'
import type { CutRule, InspectedDisk } from '@skerry/factory/lab/inspected-disk'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import { type Partition, readPartitionTable } from '@skerry/factory/lab/partition-table'
import { writeSparse } from '@skerry/factory/lab/write-sparse'
import { runProgram } from '@skerry/factory/tools/run-program'
import { ToolError } from '@skerry/factory/tools/tool-error'
import { treeProgram } from '@skerry/factory/tools/tree-program'
import { parseJournal } from '@skerry/node-os/upgrade/journal'
import { survivesCut } from './cut-rule.ts'
import { cutLimits } from './limits.ts'
import type { RecordedRun } from './record-runs.ts'
import { splicedView } from './spliced-view.ts'

/**
 * What is too slow to be asked of every state: the ESP can be repaired and boots the same afterwards, the data
 * partition is whole once its journal is replayed, and the agent's journal can be read and knows of a trial.
 */
export async function lookClosely(
  { tools }: Pick<LabTrees, 'tools'>,
  run: RecordedRun,
  disk: DiskView,
): Promise<readonly string[]> {
  const table = readPartitionTable(disk)
  const esp = table.ok
    ? table.partitions.find(({ label }) => label === partitionLabels.esp)
    : undefined
  if (esp === undefined) return ['no ESP']
  const work = await mkdtemp(join(tmpdir(), 'skerry-cut-'))
  using base = openDiskFile(run.base)
  using inspector = new DiskInspector(run.images, base)
  try {
    const found = inspector.inspect(disk)
    return [
      ...(await repairs(
        { tools, work, inspector, rule: survivesCut(run.badImageIds) },
        { disk, esp, before: found },
      )),
      ...(await checkExt4(tools, disk, partitionLabels.data, (file) =>
        readsJournal(tools, file, found),
      )),
    ]
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type Bench = {
  readonly tools: LabTrees['tools']
  readonly work: string
  readonly inspector: DiskInspector
  readonly rule: CutRule
}

/** As the agent does before it writes: fsck.fat mends it, then nothing is wrong and the same image starts. */
async function repairs(
  { tools, work, inspector, rule }: Bench,
  { disk, esp, before }: { disk: DiskView; esp: Partition; before: InspectedDisk },
): Promise<readonly string[]> {
  const file = join(work, 'esp')
  await writeSparse(partOf(disk, esp.offset, esp.sizeBytes), file)
  // 1: something was mended.
  const mended = await runTool(tools, '/usr/sbin/fsck.fat', ['-a', file])
  if (mended.code > 1) return [`fsck.fat cannot mend the ESP: ${mended.output}`]
  const again = await runTool(tools, '/usr/sbin/fsck.fat', ['-n', file])
  if (again.code !== 0) return [`fsck.fat finds something after it mended: ${again.output}`]
  using mendedEsp = openDiskFile(file)
  const after = inspector.inspect(splicedView(disk, esp.offset, mendedEsp))
  const [first, later] = [before, after].map(({ entries }) => entries[0]?.fileName)
  return [
    ...rule(after).map((message) => `after the repair of the ESP: ${message}`),
    ...(first === later
      ? []
      : [`the repair of the ESP changes what starts from ${first} to ${later}`]),
  ]
}

/** The intent is on the disk before the switch, so a trial that the journal does not know of is a lie. */
async function readsJournal(
  tools: LabTrees['tools'],
  file: string,
  { entries }: InspectedDisk,
): Promise<readonly string[]> {
  const out = `${file}.journal`
  const read = await runTool(tools, '/usr/sbin/debugfs', [
    '-R',
    `dump /skerry/os/journal ${out}`,
    file,
  ])
  const text = await readFile(out, 'utf8').catch(() => '')
  if (read.code !== 0 || text.length > cutLimits.journalBytesMax)
    return [`the agent's journal cannot be read: ${read.output}`]
  const { records, lost } = parseJournal(text)
  const [chosen] = entries
  const isKnown = records.some(
    (record) => record.kind === 'Intent' && record.imageId === chosen?.imageId,
  )
  return [
    ...(lost > 1 ? [`${lost} lines of the agent's journal are damaged`] : []),
    ...(chosen?.triesLeft !== undefined && !isKnown
      ? [`${chosen.fileName} is on trial and the journal knows of no intent`]
      : []),
  ]
}

async function runTool(
  tools: LabTrees['tools'],
  program: string,
  words: readonly string[],
): Promise<{ code: number; output: string }> {
  const command = [...treeProgram(tools, program), ...words]
  try {
    const { stdout, log } = await runProgram({
      command,
      name: program,
      environment: { PATH: '/usr/bin', LC_ALL: 'C' },
    })
    return { code: 0, output: `${stdout.toString('utf8')}${log}` }
  } catch (error) {
    if (error instanceof ToolError && error.exitCode !== undefined)
      return { code: error.exitCode, output: error.message }
    throw error
  }
}
