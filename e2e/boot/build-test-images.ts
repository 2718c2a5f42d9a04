import { existsSync, readFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { digestOf } from '@skerry/artifact/digest-of'
import { buildOsArtifact } from '@skerry/artifact/os-artifact'
import { systemClock } from '@skerry/base/clock'
import type { Digest } from '@skerry/base/digest'
import { systemRandom } from '@skerry/base/random'
import { type BuildRecord, buildImage } from '@skerry/factory/build-image'
import { writeLayout } from '@skerry/factory/build/write-layout'
import { createKeys } from '@skerry/factory/keys/create-keys'
import { openImageKey, openSigner } from '@skerry/factory/keys/open-keys'
import { signEfi } from '@skerry/factory/pe/sign-efi'
import { readArtifact } from '@skerry/factory/publish/read-artifact'
import { stringify } from 'yaml'
import { bootCacheDirectory } from './boot-cache.ts'
import { imageSources, repository, sourceKey } from './source-key.ts'
import { type ImageName, type Recipe, recipes } from './test-images.ts'

const passphrase = 'nine fair winds'

export type TestImage = {
  readonly name: ImageName
  /** The OCI layout that `skerry image push` takes. */
  readonly directory: string
  readonly version: string
  readonly imageId: string
  readonly manifestDigest: string
  /** Of those that a machine is installed from. */
  readonly disk?: string
}
export type TestImages = {
  get(name: ImageName): Promise<TestImage>
  /** Of Secure Boot and of the descriptions; all images are signed with them unless they are foreign. */
  readonly keys: string
}

/** Makes the images that are asked for, each once for as long as nothing that goes into it changes. */
export async function openTestImages(say: (line: string) => void): Promise<TestImages> {
  const directory = join(bootCacheDirectory(), 'images')
  await mkdir(directory, { recursive: true })
  const keys = await keysOf('keys')
  const foreign = await keysOf('foreign-keys')
  const sources = sourceKey([...imageSources, 'e2e/boot/{build-,}test-images.ts'])
  const made = new Map<ImageName, Promise<TestImage>>()
  // One after the other: they share steps in the factory's cache, and the machine has few cores.
  let last: Promise<unknown> = Promise.resolve()
  return {
    keys,
    get(name) {
      const there = made.get(name)
      if (there !== undefined) return there
      const made1 = last.then(() => makeImage({ name, directory, keys, foreign, sources, say }))
      last = made1.catch(() => undefined)
      made.set(name, made1)
      return made1
    },
  }
}

async function keysOf(name: string): Promise<string> {
  const directory = join(bootCacheDirectory(), name)
  if (!existsSync(directory))
    await createKeys(
      directory,
      { name: `Boot tests, ${name}`, passphrase },
      { clock: systemClock, random: systemRandom },
    )
  return directory
}

type Making = {
  readonly name: ImageName
  readonly directory: string
  readonly keys: string
  readonly foreign: string
  readonly sources: string
  readonly say: (line: string) => void
}

async function makeImage(making: Making): Promise<TestImage> {
  const { name, sources, keys, say } = making
  const recipe: Recipe = recipes[name]
  const out = join(making.directory, name)
  const key = digestOf(
    JSON.stringify({ recipe, sources, keys: readFileSync(join(keys, 'keys.json'), 'utf8') }),
  )
  const stamp = join(out, 'made.json')
  const before = await readFile(stamp, 'utf8').catch(() => undefined)
  if (before !== undefined) {
    const { key: madeWith, image } = JSON.parse(before) as { key: string; image: TestImage }
    if (madeWith === key) return image
  }
  const startMs = systemClock.monotonicMs()
  await rm(stamp, { force: true })
  await mkdir(out, { recursive: true })
  const record = await build(recipe, out, keys)
  const remade = await remake(recipe, out, making)
  const image: TestImage = {
    name,
    directory: out,
    version: recipe.version,
    imageId: record.description.imageId,
    manifestDigest: remade ?? record.manifestDigest,
    ...(recipe.hasDisk ? { disk: join(out, 'disk.raw') } : {}),
  }
  await writeFile(stamp, JSON.stringify({ key, image }))
  say(`image ${name} made in ${((systemClock.monotonicMs() - startMs) / 1000).toFixed(1)} s`)
  return image
}

async function build(recipe: Recipe, out: string, keys: string): Promise<BuildRecord> {
  const file = join(out, 'image.yaml')
  await writeFile(file, stringify(schematicOf(recipe)))
  for (const { path, bytes } of recipe.files ?? [])
    await writeFile(join(out, basename(path)), bytes())
  const initrdFiles = await initrdFilesOf(recipe)
  return await buildImage({
    file,
    out,
    keys,
    disks: recipe.hasDisk ? ['raw'] : [],
    passphrase: async () => passphrase,
    clock: systemClock,
    ...(initrdFiles.size === 0 ? {} : { initrdFiles }),
  })
}

async function initrdFilesOf({ initrd = {}, initrdEnd = {} }: Recipe) {
  const files = new Map<string, Uint8Array>()
  for (const [path, text] of Object.entries(initrd)) files.set(path, Buffer.from(text))
  for (const [path, text] of Object.entries(initrdEnd)) {
    const ours = await readFile(join(repository, 'packages/factory/initrd', basename(path)), 'utf8')
    // What was there under the same name goes on under another.
    const kept = ours.replace(/^run_node_os\(\)/m, 'run_ours()')
    files.set(path, Buffer.from(`${kept}\n${text}`))
  }
  return files
}

function schematicOf(recipe: Recipe): object {
  const { version, cloudConfig = '', commandLine, watchdogSeconds, files, slotBytes } = recipe
  return {
    name: 'boot',
    version,
    base: { busybox: true },
    modules: ['virtio_net', 'i6300esb'],
    inference: false,
    consoleLogin: false,
    // A third less to fetch and to write; the processor seconds of a boot are the same.
    compression: 'lz4',
    cloudConfig: [{ content: `#cloud-config\nhostname: boot\n${cloudConfig}` }],
    slotBytes: slotBytes ?? '128MiB',
    espBytes: '128MiB',
    // Of ext4's 128 MiB groups the second has the copy of the superblock that a repair needs.
    dataBytes: '256MiB',
    microsoftCertificates: false,
    ...(commandLine === undefined ? {} : { commandLine }),
    ...(watchdogSeconds === undefined ? {} : { watchdogSeconds }),
    ...(files === undefined
      ? {}
      : {
          files: files.map(({ path, mode }) => ({
            path,
            source: basename(path),
            ...(mode === undefined ? {} : { mode }),
          })),
        }),
  }
}

/** Changes what was built, as somebody would who wants a device to take it. Gives the new digest. */
async function remake(
  recipe: Recipe,
  out: string,
  { keys, foreign }: Making,
): Promise<string | undefined> {
  if (recipe.kernel === undefined && recipe.isForeign !== true) return undefined
  const { name, description, blobs } = await readArtifact(out)
  const fileOf = (digest: string) => blobs.find((blob) => blob.digest === digest)!
  const kernel = await changedKernel(recipe.kernel, fileOf(description.kernel.digest).file, foreign)
  const [, , sbom, provenance] = blobs
  const imageKey = await openImageKey(recipe.isForeign ? foreign : keys, passphrase)
  const artifact = buildOsArtifact(
    { ...description, kernel: { digest: digestOf(kernel), sizeBytes: kernel.length } },
    { sbom: sbom!, provenance: provenance! },
    imageKey,
  )
  const bytesOf = (bytes: Uint8Array) => ({ digest: digestOf(bytes), source: { bytes } })
  await writeLayout(
    out,
    {
      bytes: artifact.manifest,
      digest: artifact.manifestDigest,
      name: `${name}-${recipe.version}`,
    },
    [
      { digest: description.root.digest as Digest, source: fileOf(description.root.digest) },
      ...[sbom!, provenance!].map((blob) => ({ digest: blob.digest, source: blob })),
      bytesOf(kernel),
      bytesOf(artifact.config),
    ],
  )
  return artifact.manifestDigest
}

async function changedKernel(
  change: Recipe['kernel'],
  file: string,
  foreign: string,
): Promise<Uint8Array> {
  const signed = await readFile(file)
  if (change === undefined) return signed
  if (change === 'truncated') return signed.subarray(0, 4 * 2 ** 20)
  if (change === 'flipped') {
    // In the middle lies the kernel, whose own checks are few.
    const at = Math.floor(signed.length / 2)
    signed[at] = signed[at]! ^ 0x10
    return signed
  }
  const unsigned = withoutSignature(signed)
  if (change === 'unsigned') return unsigned
  const again = signEfi(unsigned, await openSigner(foreign, 'db', passphrase))
  if (!again.ok) throw new Error(`the kernel cannot be signed: it ${again.message}`)
  return again.bytes
}

/** Cuts off the attribute certificate table, and forgets where it was. */
function withoutSignature(signed: Buffer): Buffer {
  const optionalHeader = signed.readUInt32LE(0x3c) + 24
  // PE32+: the data directories begin 112 bytes into the optional header, and the table is the fifth.
  const entry = optionalHeader + 112 + 4 * 8
  const bytes = Buffer.from(signed.subarray(0, signed.readUInt32LE(entry)))
  bytes.writeUInt32LE(0, entry)
  bytes.writeUInt32LE(0, entry + 4)
  return bytes
}
