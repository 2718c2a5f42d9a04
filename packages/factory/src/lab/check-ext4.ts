import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { partitionLabels } from '@skerry/api/os/os-layout'
import type { Tree } from '../debian/tree.ts'
import { runProgram } from '../tools/run-program.ts'
import { ToolError } from '../tools/tool-error.ts'
import { treeProgram } from '../tools/tree-program.ts'
import { type DiskView, partOf } from './disk-view.ts'
import { readPartitionTable } from './partition-table.ts'
import { writeSparse } from './write-sparse.ts'

/**
 * Lets e2fsck look at the data partition: after its journal is replayed, as the kernel would at the next
 * mount, nothing may be wrong. One sentence for each thing that is. `look` is given the file system after that.
 */
export async function checkExt4(
  tools: Pick<Tree, 'path'>,
  disk: DiskView,
  label: string = partitionLabels.data,
  look: (file: string) => Promise<readonly string[]> = async () => [],
): Promise<readonly string[]> {
  const table = readPartitionTable(disk)
  const data = table.ok ? table.partitions.find((each) => each.label === label) : undefined
  if (data === undefined) return [`${label}: no such partition`]
  const directory = await mkdtemp(join(tmpdir(), 'skerry-ext4-'))
  try {
    const file = join(directory, label)
    await writeSparse(partOf(disk, data.offset, data.sizeBytes), file)
    await e2fsck(tools, ['-y', '-E', 'journal_only', file])
    const log = await e2fsck(tools, ['-f', '-n', file])
    return [...(log === undefined ? [] : [`${label}: ${log}`]), ...(await look(file))]
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/** Undefined: nothing is wrong. */
async function e2fsck(
  tools: Pick<Tree, 'path'>,
  words: readonly string[],
): Promise<string | undefined> {
  const command = [...treeProgram(tools, '/usr/sbin/e2fsck'), ...words]
  try {
    await runProgram({ command, name: 'e2fsck', environment: { PATH: '/usr/bin', LC_ALL: 'C' } })
    return undefined
  } catch (error) {
    if (error instanceof ToolError) return error.message
    throw error
  }
}
