import { createReadStream } from 'node:fs'
import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commandLineNames } from '@skerry/api/os/os-layout'
import { digestOf, digestOfStream } from '@skerry/artifact/digest-of'
import type { Digest } from '@skerry/base/digest'
import { buildInitrd } from '../initrd/build-initrd.ts'
import { RootError } from '../root/root-error.ts'
import { buildUki } from '../uki/build-uki.ts'
import type { OsRelease } from '../uki/os-release.ts'
import type { BuildContext, BuildTrees } from './build-context.ts'
import { ensureStep } from './ensure-step.ts'
import { type ImageParts, commandLineOf, commandLineWords, imageIdOf } from './image-id.ts'
import type { BuiltRoot } from './root-step.ts'
import { sourceDigest } from './source-digest.ts'

export type BuiltKernel = {
  /** The unified kernel image, not signed yet. */
  readonly unsigned: string
  readonly initrdDigest: Digest
  readonly imageId: string
  readonly commandLine: string
}

export type KernelInputs = {
  readonly trees: BuildTrees
  readonly root: BuiltRoot
  /** Put into the initrd in place of ours or beside them: how tests make images that fail. */
  readonly initrdFiles?: ReadonlyMap<string, Uint8Array> | undefined
}

/** Makes initrd and unified kernel image for a root, or takes them from the cache. */
export async function buildKernel(
  context: BuildContext,
  inputs: KernelInputs,
): Promise<BuiltKernel> {
  const { trees, root } = inputs
  const { schematic } = context.schematic
  const initrd = await ensureInitrd(context, inputs)
  const vmlinuz = await kernelFile(trees.kernel.path)
  const osRelease: OsRelease = {
    version: schematic.version,
    prettyName: `${schematic.name} ${schematic.version}`,
  }
  const parts: ImageParts = {
    root: root.facts,
    kernel: (await digestOfStream(createReadStream(vmlinuz))).digest,
    initrd: digestOf(await readFile(initrd)),
    words: [
      ...commandLineWords,
      `${commandLineNames.watchdogSeconds}=${schematic.watchdogSeconds}`,
      ...schematic.commandLine,
    ],
    osRelease,
  }
  const commandLine = commandLineOf(parts)
  const directory = await ensureStep(context, {
    name: 'kernel image',
    inputs: {
      kernel: parts.kernel,
      initrd: parts.initrd,
      commandLine,
      osRelease,
      version: trees.kernelVersion,
      tools: trees.tools.digest,
      source: sourceDigest(['src/uki']),
    },
    make: (target) =>
      buildUki(
        {
          tools: trees.tools,
          kernel: vmlinuz,
          initrd,
          commandLine,
          osRelease,
          kernelVersion: trees.kernelVersion,
          out: join(target, 'unsigned.efi'),
        },
        context.signal,
      ),
  })
  return {
    unsigned: join(directory, 'unsigned.efi'),
    initrdDigest: parts.initrd,
    imageId: imageIdOf(parts),
    commandLine,
  }
}

async function ensureInitrd(
  context: BuildContext,
  { trees, initrdFiles }: KernelInputs,
): Promise<string> {
  const extra = [...(initrdFiles ?? [])].map(([path, bytes]) => [path, digestOf(bytes)])
  const directory = await ensureStep(context, {
    name: 'initrd',
    inputs: {
      packages: trees.initrd.digest,
      kernel: trees.kernel.digest,
      extra,
      source: sourceDigest(['initrd', 'src/initrd']),
    },
    make: async (target) => {
      const { bytes } = await buildInitrd({
        packagesTree: trees.initrd,
        kernelTree: trees.kernel,
        kernelVersion: trees.kernelVersion,
        ...(initrdFiles === undefined ? {} : { files: initrdFiles }),
      })
      await writeFile(join(target, 'initrd.zst'), bytes)
    },
  })
  return join(directory, 'initrd.zst')
}

async function kernelFile(tree: string): Promise<string> {
  const names = (await readdir(join(tree, 'boot')).catch(() => [])).filter((name) =>
    name.startsWith('vmlinuz-'),
  )
  if (names.length !== 1)
    throw new RootError(
      `The kernel's package holds ${names.length} kernels below /boot: name a package of one kernel.`,
    )
  return join(tree, 'boot', names[0]!)
}
