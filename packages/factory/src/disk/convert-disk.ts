import { mkdtemp, open, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Tree } from '../debian/tree.ts'
import { runProgram } from '../tools/run-program.ts'
import { treeProgram } from '../tools/tree-program.ts'
import { moveDurably } from './move-durably.ts'
import { vhdFooter } from './vhd-footer.ts'

export type DiskFormat = 'qcow2' | 'vhd'

export type ConvertRequest = {
  readonly raw: string
  readonly out: string
  /** Tree with qemu-img. */
  readonly lab: Pick<Tree, 'path'>
  /** Becomes the identity of a VHD. */
  readonly imageId: string
}

/** Makes of a raw disk what other machines take. Equal input gives equal bytes. */
export async function convertDisk(
  format: DiskFormat,
  request: ConvertRequest,
  signal?: AbortSignal,
): Promise<void> {
  const out = resolve(request.out)
  const work = await mkdtemp(join(dirname(out), `.${basename(out)}-`))
  const made = join(work, 'disk')
  try {
    await (format === 'qcow2'
      ? runQemuImg(request, 'qcow2', made, signal)
      : toVhd(request, made, signal))
    await moveDurably(made, out)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function runQemuImg(
  { raw, lab }: ConvertRequest,
  format: 'qcow2' | 'raw',
  out: string,
  signal?: AbortSignal,
): Promise<void> {
  const words = ['convert', '-f', 'raw', '-O', format, resolve(raw), out]
  await runProgram(
    {
      command: [...treeProgram(lab, '/usr/bin/qemu-img'), ...words],
      name: 'qemu-img',
      environment: { LC_ALL: 'C' },
    },
    signal,
  )
}

/** A fixed VHD is the raw disk, copied with its holes, and a footer. */
async function toVhd(request: ConvertRequest, out: string, signal?: AbortSignal): Promise<void> {
  await runQemuImg(request, 'raw', out, signal)
  await using file = await open(out, 'r+')
  const { size } = await file.stat()
  await file.write(vhdFooter(size, Buffer.from(request.imageId, 'hex')), 0, 512, size)
}
