import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { assert } from '@skerry/base/assert'
import type { Tree } from '../debian/tree.ts'
import { moveDurably } from '../disk/move-durably.ts'
import { runInTools } from '../tools/run-in-tools.ts'
import { type OsRelease, osReleaseText } from './os-release.ts'

export type UkiRequest = {
  /** Tree with `ukify`. */
  readonly tools: Pick<Tree, 'path'>
  /** Files. */
  readonly kernel: string
  readonly initrd: string
  readonly commandLine: string
  readonly osRelease: OsRelease
  /** As `uname -r` will say. */
  readonly kernelVersion: string
  /** File: what starts the kernel; without, the one of the tools. */
  readonly stub?: string | undefined
  /** File to write, replaced when complete. */
  readonly out: string
}

/** The kernel's own limit on x86. */
const commandLineBytesMax = 2048

/** Joins kernel, initrd and command line to one EFI program, unsigned. Equal input gives equal bytes. */
export async function buildUki(request: UkiRequest, signal?: AbortSignal): Promise<void> {
  const { tools, kernel, initrd, commandLine, kernelVersion, stub, out } = request
  assert(!/[\p{Cc}]/u.test(commandLine), 'a command line is one line')
  if (Buffer.byteLength(commandLine) >= commandLineBytesMax)
    throw new Error(
      `The command line has ${Buffer.byteLength(commandLine)} bytes, and the kernel takes fewer than ${commandLineBytesMax}: shorten what the schematic adds.`,
    )
  const work = await mkdtemp(join(dirname(out), '.uki-'))
  try {
    await writeFile(join(work, 'cmdline'), commandLine)
    await writeFile(join(work, 'osrel'), osReleaseText(request.osRelease))
    await runInTools(
      tools,
      {
        command: [
          'ukify',
          'build',
          '--linux=/mnt/linux',
          '--initrd=/mnt/initrd',
          '--cmdline=@/mnt/uki/cmdline',
          '--os-release=@/mnt/uki/osrel',
          `--uname=${kernelVersion}`,
          `--stub=${stub === undefined ? '/usr/lib/systemd/boot/efi/linuxx64.efi.stub' : '/mnt/stub'}`,
          '--output=/mnt/uki/out.efi',
        ],
        environment: { SOURCE_DATE_EPOCH: '0' },
        binds: [
          { path: kernel, at: '/mnt/linux' },
          { path: initrd, at: '/mnt/initrd' },
          ...(stub === undefined ? [] : [{ path: stub, at: '/mnt/stub' }]),
          { path: work, at: '/mnt/uki', isWritable: true },
        ],
      },
      signal,
    )
    await moveDurably(join(work, 'out.efi'), out)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
