import { createReadStream } from 'node:fs'
import { copyFile, open, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { digestOf, digestOfStream } from '@skerry/artifact/digest-of'
import type { Digest } from '@skerry/base/digest'
import { buildDebianRoot } from '../debian/build-debian-root.ts'
import { busyboxRoot } from '../root/busybox-root.ts'
import { type OciImage, findOciImage } from '../root/oci-image.ts'
import { RootError } from '../root/root-error.ts'
import { RootTree } from '../root/root-tree.ts'
import { archiveForm, unpackArchive } from '../root/unpack-archive.ts'
import { unpackLayer } from '../root/unpack-layer.ts'
import { runProgram } from '../tools/run-program.ts'
import { runInTools } from '../tools/run-in-tools.ts'
import type { BuildContext, BuildTrees } from './build-context.ts'
import { BuildError } from './build-error.ts'
import { treeOptions } from './open-trees.ts'
import { ensureStep, timed } from './ensure-step.ts'
import { neededSets } from './needed-sets.ts'

/** What the root begins as. */
export type Base = {
  /** Of all that is in it. */
  readonly digest: Digest
  /** What a person knows it by. */
  readonly name: string
  /** Reads the names of its files; asked for only when the root is made. */
  readonly tree: () => Promise<RootTree>
}

/** Brings the base of the schematic into the cache. */
export async function openBase(context: BuildContext, trees: BuildTrees): Promise<Base> {
  const { base } = context.schematic.schematic
  if (base.oci !== undefined) return openOci(context, base.oci)
  if (base.tar !== undefined) return openTar(context, trees, base.tar)
  if (base.debian !== undefined) return openDebian(context, trees)
  return openBusybox(trees)
}

async function openOci(context: BuildContext, named: string): Promise<Base> {
  const image = await findOciImage(named, context.schematic.directory, context)
  const archives: string[] = []
  for (const [index, layer] of image.layers.entries()) {
    const directory = await ensureStep(context, {
      name: `layer ${index + 1} of ${image.layers.length}`,
      inputs: { layer: layer.digest },
      make: (target) => fetchLayer(image, layer, target, context.signal),
    })
    archives.push(join(directory, 'layer.tar'))
  }
  return { digest: image.digest, name: named, tree: () => layered(archives) }
}

async function layered(archives: readonly string[]): Promise<RootTree> {
  const tree = new RootTree()
  for (const archive of archives) await unpackLayer(tree, archive)
  return tree
}

async function fetchLayer(
  image: OciImage,
  layer: OciImage['layers'][number],
  directory: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const packed = join(directory, 'layer.packed')
  await using out = await open(packed, 'wx')
  let sizeBytes = 0
  for await (const chunk of image.open(layer)) {
    signal?.throwIfAborted()
    sizeBytes += chunk.length
    if (sizeBytes > layer.sizeBytes)
      throw new RootError(`Layer ${layer.digest} has more than its ${layer.sizeBytes} bytes.`)
    await out.writeFile(chunk)
  }
  const { digest } = await unpackArchive(packed, join(directory, 'layer.tar'), signal).catch(
    (error: unknown) => {
      // A person knows the layer, not the file that it was fetched to.
      const isSaid = error instanceof RootError
      throw isSaid ? new RootError(error.message.replace(packed, `Layer ${layer.digest}`)) : error
    },
  )
  if (digest !== layer.digest)
    throw new RootError(
      `Layer ${layer.digest} has the digest ${digest}: it was changed or cut, copy or fetch the image again.`,
    )
  await rm(packed)
}

async function openTar(context: BuildContext, trees: BuildTrees, named: string): Promise<Base> {
  const path = resolve(context.schematic.directory, named)
  if ((await stat(path).catch(() => undefined))?.isFile() !== true)
    throw new BuildError(
      `${named}, the base of the schematic, is no file in ${context.schematic.directory}: put it there, or correct base.tar.`,
    )
  const { digest } = await digestOfStream(createReadStream(path, { highWaterMark: 2 ** 20 }))
  const form = await archiveForm(path)
  const directory = await ensureStep(context, {
    name: 'unpacked base',
    inputs: { base: digest },
    make: async (target) => {
      if (form !== 'xz') {
        await unpackArchive(path, join(target, 'layer.tar'), context.signal)
        return
      }
      await copyFile(path, join(target, 'layer.tar.xz'))
      await runInTools(
        trees.tools,
        {
          command: ['xz', '--decompress', '/mnt/base/layer.tar.xz'],
          binds: [{ path: target, at: '/mnt/base', isWritable: true }],
        },
        context.signal,
      )
    },
  })
  return { digest, name: named, tree: () => layered([join(directory, 'layer.tar')]) }
}

async function openDebian(context: BuildContext, trees: BuildTrees): Promise<Base> {
  const { schematic } = context.schematic
  const step = 'debian root'
  const root = await timed(context, step, () =>
    buildDebianRoot(context.cache, context.lock, neededSets(schematic).root!, {
      ...treeOptions(context, step),
      tools: trees.tools,
    }),
  )
  return {
    digest: root.digest,
    name: `Debian ${schematic.base.debian!.suite} with ${schematic.base.debian!.init}`,
    tree: () => layered([root.tar]),
  }
}

async function openBusybox({ initrd }: BuildTrees): Promise<Base> {
  const busybox = join(initrd.path, 'usr/bin/busybox')
  const { digest, sizeBytes } = await digestOfStream(createReadStream(busybox))
  return {
    digest: digestOf(`busybox ${digest}`),
    name: 'busybox',
    tree: async () => {
      const { stdout } = await runProgram({ command: [busybox, '--list'], environment: {} })
      const applets = stdout
        .toString()
        .split('\n')
        .filter((name) => name !== '' && name !== 'busybox')
      return busyboxRoot(busybox, sizeBytes, applets)
    },
  }
}
