import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { partitionLabels } from '@skerry/api/os/os-layout'
import type { Tree } from '../debian/tree.ts'
import { openDiskFile } from '../lab/disk-view.ts'
import { readPartitionTable } from '../lab/partition-table.ts'
import { runInTools } from '../tools/run-in-tools.ts'
import { DiskError } from './disk-error.ts'
import { espListLinesMax } from './limits.ts'

export type EspEdit = {
  /** Removed first. Paths such as `EFI/Linux/skerry-….efi`. */
  readonly remove?: readonly string[]
  /** Renamed next. */
  readonly rename?: readonly { readonly from: string; readonly to: string }[]
  /** Written, with the directories above, in place of what is there. */
  readonly put?: Readonly<Record<string, Uint8Array | string>>
}

/** Changes files on the ESP of a raw disk that no machine runs from. For the lab and for tests. */
export async function editEsp(
  tools: Pick<Tree, 'path'>,
  disk: string,
  { remove = [], rename = [], put = {} }: EspEdit,
): Promise<void> {
  const run = mtoolsOn(tools, disk)
  for (const path of remove) await run(['mdel'], [`::${path}`])
  for (const { from, to } of rename) await run(['mren'], [`::${from}`, `::${to}`])
  for (const [path, content] of Object.entries(put)) {
    for (const directory of directoriesAbove(path))
      await run(['mmd', '-D', 's'], [`::${directory}`]).catch(ignoreExisting)
    const work = await mkdtemp(join(dirname(resolve(disk)), '.esp-'))
    try {
      await writeFile(join(work, 'file'), content)
      await run(['mcopy', '-o', '-D', 'o'], ['/mnt/put/file', `::${path}`], work)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }
}

/** Paths of all files on the ESP, without a leading slash. */
export async function listEsp(tools: Pick<Tree, 'path'>, disk: string): Promise<readonly string[]> {
  const run = mtoolsOn(tools, disk)
  const { stdout } = await run(['mdir', '-/', '-b', '-a'], ['::'])
  return stdout
    .toString('utf8')
    .split('\n')
    .slice(0, espListLinesMax)
    .filter((line) => line.startsWith('::/') && !line.endsWith('/'))
    .map((line) => line.slice('::/'.length))
    .toSorted()
}

/** One file of the ESP. */
export async function readEspFile(
  tools: Pick<Tree, 'path'>,
  disk: string,
  path: string,
): Promise<Buffer> {
  const run = mtoolsOn(tools, disk)
  const { stdout } = await run(['mcopy'], [`::${path}`, '-'])
  return stdout
}

function mtoolsOn(tools: Pick<Tree, 'path'>, disk: string) {
  const offsetBytes = espOffset(disk)
  return ([name, ...options]: readonly string[], paths: readonly string[], put?: string) =>
    runInTools(tools, {
      command: [name!, ...options, '-i', `/mnt/disk@@${offsetBytes}`, ...paths],
      environment: { MTOOLSRC: '/dev/null' },
      binds: [
        { path: resolve(disk), at: '/mnt/disk', isWritable: true },
        ...(put === undefined ? [] : [{ path: put, at: '/mnt/put' }]),
      ],
    })
}

function espOffset(disk: string): number {
  using file = openDiskFile(disk)
  const table = readPartitionTable(file)
  if (!table.ok) throw new DiskError(`${disk} has ${table.message}: make it anew.`)
  const esp = table.partitions.find(({ label }) => label === partitionLabels.esp)
  if (esp === undefined) throw new DiskError(`${disk} has no partition esp: make it anew.`)
  return esp.offset
}

function directoriesAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** `mmd -D s` leaves a directory that is there and says so by its exit code. */
function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ToolError') throw error
}
