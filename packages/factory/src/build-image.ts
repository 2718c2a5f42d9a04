import { mkdir, readFile, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { OsImageDescription } from '@skerry/api/os/os-image-description'
import { digestOf } from '@skerry/artifact/digest-of'
import {
  type RegistryTransport,
  createRegistryTransport,
} from '@skerry/artifact/registry-transport'
import { writeFileAtomic } from '@skerry/artifact/write-file-atomic'
import type { Clock } from '@skerry/base/clock'
import type { Digest } from '@skerry/base/digest'
import { canonicalJson } from '@skerry/base/json'
import type { BuildContext } from './build/build-context.ts'
import { BuildError } from './build/build-error.ts'
import type { OnBuildProgress } from './build/build-progress.ts'
import { clearOldSteps } from './build/clear-old-steps.ts'
import { type DiskFormatName, buildDisks } from './build/disk-step.ts'
import { timed } from './build/ensure-step.ts'
import { buildKernel } from './build/kernel-step.ts'
import { joinLocks, neededSets } from './build/needed-sets.ts'
import { openBase } from './build/open-base.ts'
import { openProgram } from './build/open-program.ts'
import { openTrees } from './build/open-trees.ts'
import { type BuildPlan, checkSpace, planBuild } from './build/plan-build.ts'
import { resolveSchematic } from './build/resolve-schematic.ts'
import { buildRoot } from './build/root-step.ts'
import { signImage } from './build/sign-image.ts'
import { sourceDigest } from './build/source-digest.ts'
import type { Mirror } from './debian/apt-sources.ts'
import { type FactoryCache, openFactoryCache } from './debian/factory-cache.ts'
import { clearAbandoned } from './debian/prune-cache.ts'
import { readLock } from './debian/read-lock.ts'
import { openSigner, readPublicKeys } from './keys/open-keys.ts'

export type BuildRequest = {
  /** The schematic. */
  readonly file: string
  /** Where the artifact and the disks are written. */
  readonly out: string
  readonly disks?: readonly DiskFormatName[] | undefined
  /** Directory of keys; else the one that the schematic names. */
  readonly keys?: string | undefined
  /** Asked for once, when something is to be signed. */
  readonly passphrase: () => Promise<string>
  /** Default: the cache of this user. */
  readonly cacheDirectory?: string | undefined
  readonly mirror?: Mirror | undefined
  readonly clock: Clock
  readonly transport?: RegistryTransport | undefined
  readonly onProgress?: OnBuildProgress | undefined
  readonly signal?: AbortSignal | undefined
  /** Put into the initrd: how tests make images that fail. Never from a schematic. */
  readonly initrdFiles?: ReadonlyMap<string, Uint8Array> | undefined
}

/** What was built; stands in `build.json`, too. */
export type BuildRecord = {
  readonly schematic: Digest
  readonly name: string
  readonly manifestDigest: Digest
  readonly envelopeDigest: Digest
  readonly keyid: string
  readonly description: OsImageDescription
  readonly commandLine: string
  readonly init: string
  readonly initrd: Digest
  /** Of the signed kernel image with its signature left out. */
  readonly unsignedKernel: Digest
  readonly packages: number
  /** File names in the same directory, by format. */
  readonly disks: Partial<Record<DiskFormatName, string>>
  /** What the disks were made of: with the same, they are not made again. */
  readonly disksOf: Digest | undefined
}

/** Where a lock of the schematic's own packages lies: beside it. */
export const lockFileOf = (schematicFile: string): string =>
  `${schematicFile.replace(/\.ya?ml$/, '')}.lock.json`

/** What a build would do. Reads the schematic and the cache, writes nothing but the cache's directories. */
export async function planImage(request: BuildRequest): Promise<BuildPlan> {
  const context = await openContext(request)
  await keysOf(request, context)
  return planBuild(context, { out: resolve(request.out), disks: request.disks ?? [] })
}

/**
 * Builds an image: an OCI layout with the update artifact, and disks where they are asked for. Each step is
 * taken from the cache when nothing that it depends on changed, and a build that was cut off goes on.
 */
export async function buildImage(request: BuildRequest): Promise<BuildRecord> {
  const context = await openContext(request)
  const out = resolve(request.out)
  const disks = request.disks ?? []
  const directory = await keysOf(request, context)
  const publicKeys = await readPublicKeys(directory)
  const passphrase = await request.passphrase()
  // A wrong one is told now, and not after minutes of work.
  await openSigner(directory, 'db', passphrase)
  checkSpace(await planBuild(context, { out, disks }))

  const trees = await openTrees(context)
  const base = await openBase(context, trees)
  const program = await openProgram(context, trees)
  const trustedImageKeys = `${JSON.stringify([publicKeys.imageKey], null, 2)}\n`
  const root = await buildRoot(context, { trees, base, program, trustedImageKeys })
  const { initrdFiles } = request
  const kernel = await buildKernel(context, { trees, root, initrdFiles })
  const schematicId = digestOf(
    canonicalJson({
      content: context.schematic.contentDigest,
      base: base.digest,
      kernel: trees.kernel.digest,
      program: program.digest,
    }),
  )
  await mkdir(out, { recursive: true })
  const keys = { directory, passphrase }
  const image = await timed(context, 'signing', () =>
    signImage(context, {
      root,
      kernel,
      kernelVersion: trees.kernelVersion,
      schematicId,
      base,
      program: program.digest,
      keys,
      out,
    }),
  )
  const record: Omit<BuildRecord, 'disks' | 'disksOf'> = {
    schematic: schematicId,
    name: context.schematic.schematic.name,
    manifestDigest: image.artifact.manifestDigest,
    envelopeDigest: digestOf(image.artifact.config),
    keyid: publicKeys.imageKey.keyid,
    description: image.description,
    commandLine: kernel.commandLine,
    init: root.facts.init.name,
    initrd: kernel.initrdDigest,
    unsignedKernel: digestOf(await readFile(kernel.unsigned)),
    packages: root.facts.packages.length,
  }
  const disksOf = diskInputsDigest(context, image.artifact.manifestDigest, disks)
  const files = (await hasDisks(out, disksOf))
    ? diskNames(disks)
    : await makeDisks(context, { trees, root, image, keys, out, formats: disks })
  const whole: BuildRecord = { ...record, disks: files, disksOf }
  await writeFileAtomic(join(out, 'build.json'), `${JSON.stringify(whole, null, 2)}\n`)
  await clearOldSteps(context.cache, context.clock)
  await clearAbandoned(context.cache, context.clock)
  return whole
}

async function makeDisks(
  context: BuildContext,
  inputs: Parameters<typeof buildDisks>[1],
): Promise<Partial<Record<DiskFormatName, string>>> {
  // What is written now may be cut off: the record of a disk that is there no more goes first.
  await rm(join(inputs.out, 'build.json'), { force: true })
  if (inputs.formats.length === 0) return {}
  await buildDisks(context, inputs)
  return diskNames(inputs.formats)
}

const diskNames = (formats: readonly DiskFormatName[]) =>
  Object.fromEntries(formats.map((format) => [format, `disk.${format}`])) as Partial<
    Record<DiskFormatName, string>
  >

function diskInputsDigest(
  context: BuildContext,
  manifest: Digest,
  formats: readonly DiskFormatName[],
): Digest | undefined {
  if (formats.length === 0) return undefined
  const { espBytes, slotBytes, dataBytes, enrolment, microsoftCertificates } =
    context.schematic.schematic
  const loader = context.lock.sets['loader']?.packages
  const source = sourceDigest(['src/disk'])
  const sizes = { espBytes, slotBytes, dataBytes }
  return digestOf(
    canonicalJson({ manifest, formats, sizes, enrolment, microsoftCertificates, loader, source }),
  )
}

/**
 * Whether the disks of an earlier build are these, and as they were made: a machine that was started from one
 * has written to it since.
 */
async function hasDisks(out: string, disksOf: Digest | undefined): Promise<boolean> {
  const record = join(out, 'build.json')
  const recorded = await stat(record).catch(() => undefined)
  if (disksOf === undefined || recorded === undefined) return false
  const before = parseRecord(await readFile(record, 'utf8'))
  if (before.disksOf !== disksOf) return false
  const files = Object.values(before.disks ?? {})
  const found = await Promise.all(files.map((file) => stat(join(out, file)).catch(() => undefined)))
  return found.every((disk) => disk !== undefined && disk.mtimeMs <= recorded.mtimeMs)
}

/** Nothing, when it was changed by hand: the disks are made again. */
function parseRecord(text: string): Partial<BuildRecord> {
  try {
    return (JSON.parse(text) as Partial<BuildRecord> | null) ?? {}
  } catch {
    return {}
  }
}

async function openContext(request: BuildRequest): Promise<BuildContext> {
  const schematic = await resolveSchematic(request.file)
  const cache: FactoryCache = await openFactoryCache(request.cacheDirectory)
  const needed = neededSets(schematic.schematic)
  const lockFile = lockFileOf(schematic.file)
  const own = needed.own.length === 0 ? undefined : await readOwnLock(lockFile)
  return {
    schematic,
    cache,
    lock: joinLocks(await readLock(), own, needed, lockFile),
    mirror: request.mirror,
    clock: request.clock,
    transport: request.transport ?? createRegistryTransport(),
    onProgress: request.onProgress ?? (() => undefined),
    signal: request.signal,
  }
}

async function readOwnLock(lockFile: string) {
  const isThere = (await stat(lockFile).catch(() => undefined)) !== undefined
  return isThere ? readLock(lockFile) : undefined
}

async function keysOf(request: BuildRequest, context: BuildContext): Promise<string> {
  const { schematic, directory } = context.schematic
  const named =
    request.keys ?? (schematic.keys === undefined ? undefined : resolve(directory, schematic.keys))
  if (named === undefined)
    throw new BuildError(
      'An image is signed, and no keys are named: make some with `skerry keys create DIR --name NAME`, and name them with --keys DIR or in the schematic.',
    )
  await readPublicKeys(named)
  return named
}
