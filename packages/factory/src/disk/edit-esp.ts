import { mkdtemp, open, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { partitionLabels } from '@skerry/api/os/os-layout'
import type { Tree } from '../debian/tree.ts'
import { runInTools } from '../tools/run-in-tools.ts'
import { DiskError } from './disk-error.ts'
import { espListLinesMax } from './limits.ts'
import { readGpt } from './read-gpt.ts'

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
  const run = await mtoolsOn(tools, disk)
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

/** All files on the ESP: path (without a leading slash) -> bytes. */
export async function listEsp(tools: Pick<Tree, 'path'>, disk: string): Promise<readonly string[]> {
  const run = await mtoolsOn(tools, disk)
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
  const run = await mtoolsOn(tools, disk)
  const { stdout } = await run(['mcopy'], [`::${path}`, '-'])
  return stdout
}

async function mtoolsOn(tools: Pick<Tree, 'path'>, disk: string) {
  const offsetBytes = await espOffset(disk)
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

async function espOffset(disk: string): Promise<number> {
  await using file = await open(disk, 'r')
  const { size } = await file.stat()
  const gpt = await readGpt(async (offset, length) => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }, size)
  const esp = gpt.ok ? gpt.partitions.find(({ label }) => label === partitionLabels.esp) : undefined
  if (esp === undefined)
    throw new DiskError(`${disk} ${gpt.ok ? 'has no partition esp' : gpt.message}: make it anew.`)
  return esp.offsetBytes
}

function directoriesAbove(path: string): string[] {
  const parts = path.split('/').slice(0, -1)
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'))
}

/** `mmd -D s` leaves a directory that is there and says so by its exit code. */
function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error) || error.name !== 'ToolError') throw error
}
