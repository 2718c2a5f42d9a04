import { createReadStream } from 'node:fs'
import { open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOfStream } from '@skerry/artifact/digest-of'
import { verityBlockBytes } from '@skerry/api/os/os-layout'
import { verityLayout, writeVerityTree } from '@skerry/artifact/verity-tree'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import { type AssembledRoot, assembleRoot } from '../root/assemble-root.ts'
import { prepareModules } from '../root/kernel-modules.ts'
import { writeTar } from '../root/write-tar.ts'
import { rootPackages } from '../sbom/root-packages.ts'
import type { SoftwarePackage } from '../sbom/software-package.ts'
import { runProgram } from '../tools/run-program.ts'
import { treeProgram } from '../tools/tree-program.ts'
import type { BuildContext, BuildTrees } from './build-context.ts'
import { ensureStep } from './ensure-step.ts'
import type { Base } from './open-base.ts'
import type { Program } from './open-program.ts'
import { sourceDigest } from './source-digest.ts'

/** The file system of the image. */
export type BuiltRoot = {
  readonly erofs: string
  /** The verity tree without its superblock, as it follows that in a slot. */
  readonly verityTree: string
  readonly facts: RootFacts
}

export type RootFacts = AssembledRoot & {
  readonly digest: Digest
  readonly sizeBytes: number
  readonly rootHash: string
  readonly slotBytes: number
  readonly packages: readonly SoftwarePackage[]
}

export type RootInputs = {
  readonly trees: BuildTrees
  readonly base: Base
  readonly program: Program
  /** JSON of the keys whose signatures on images count on machines with this image. */
  readonly trustedImageKeys: string
}

/** Makes the file system and its verity tree, or takes them from the cache. */
export async function buildRoot(context: BuildContext, inputs: RootInputs): Promise<BuiltRoot> {
  const { trees, base, program, trustedImageKeys } = inputs
  const { schematic, files } = context.schematic
  const { agent, consoleLogin, persistentPaths, compression, modules: names } = schematic
  const modulesInputs = {
    kernel: trees.kernel.digest,
    tools: trees.tools.digest,
    names: names?.toSorted(),
    source: sourceDigest(['src/root']),
  }
  const modules = await ensureStep(context, {
    name: 'kernel modules',
    inputs: modulesInputs,
    make: (directory) => prepareModules({ ...trees, names }, directory, context.signal),
  })
  const directory = await ensureStep(context, {
    name: 'root file system',
    inputs: {
      base: base.digest,
      program: program.digest,
      modules: modulesInputs,
      files: files.map((file) => ({ ...file, data: undefined })),
      options: { agent, consoleLogin, persistentPaths, compression },
      trustedImageKeys,
      source: sourceDigest(['src/root', 'src/sbom']),
    },
    make: async (target) => {
      const tree = await base.tree()
      const assembled = await assembleRoot(tree, {
        program: program.files,
        modules,
        kernelVersion: trees.kernelVersion,
        files,
        persistentPaths,
        trustedImageKeys,
        hasConsoleLogin: consoleLogin,
      })
      const packages = await rootPackages(tree)
      await writeTar(tree, join(target, 'root.tar'))
      await makeErofs(context, trees, target)
      await rm(join(target, 'root.tar'))
      await measure(target, { ...assembled, packages }, context.signal)
    },
  })
  const facts = JSON.parse(await readFile(join(directory, 'facts.json'), 'utf8')) as RootFacts
  return { erofs: join(directory, 'root.erofs'), verityTree: join(directory, 'verity.tree'), facts }
}

/** Sorted, with one time for all, nothing packed into its neighbours: a later image differs in what changed. */
async function makeErofs(
  context: BuildContext,
  trees: BuildTrees,
  directory: string,
): Promise<void> {
  const { compression } = context.schematic.schematic
  await runProgram(
    {
      command: [
        ...treeProgram(trees.tools, 'usr/bin/mkfs.erofs'),
        '--quiet',
        '--tar=f',
        '--sort=path',
        '-T0',
        '-Uclear',
        '-Enoinline_data',
        // The slow search costs 2 s a hundred MiB and saves a fifth; what reads it is the same.
        ...(compression === 'lz4' ? ['-zlz4hc,9', '-C16384'] : []),
        // One worker: the order in which two finish must not show.
        '--workers=1',
        join(directory, 'root.erofs'),
        join(directory, 'root.tar'),
      ],
      name: 'mkfs.erofs',
      environment: { SOURCE_DATE_EPOCH: '0', LC_ALL: 'C.UTF-8' },
    },
    context.signal,
  )
}

async function measure(
  directory: string,
  known: Pick<RootFacts, 'init' | 'distribution' | 'packages'>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const erofs = join(directory, 'root.erofs')
  const { digest, sizeBytes } = await digestOfStream(createReadStream(erofs))
  const layout = verityLayout(sizeBytes)
  await using source = await open(erofs, 'r')
  await using tree = await open(join(directory, 'verity.tree'), 'wx')
  const treeStart = layout.superblockOffset + verityBlockBytes
  const rootHash = await writeVerityTree(
    {
      read: async (offset, wanted) => {
        const { buffer } = await source.read(Buffer.alloc(wanted), 0, wanted, offset)
        return buffer
      },
      write: async (offset, bytes) => {
        await tree.write(bytes, 0, bytes.length, offset - treeStart)
      },
    },
    sizeBytes,
    { signal },
  )
  const facts: RootFacts = { ...known, digest, sizeBytes, rootHash, slotBytes: layout.totalBytes }
  await writeFile(join(directory, 'facts.json'), canonicalJson(facts))
}
