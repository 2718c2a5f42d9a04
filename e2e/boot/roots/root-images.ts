import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '@skerry/base/clock'
import { systemRandom } from '@skerry/base/random'
import { buildImage } from '@skerry/factory/build-image'
import { createKeys } from '@skerry/factory/keys/create-keys'
import { parse, stringify } from 'yaml'
import { bootCacheDirectory } from '../boot-cache.ts'
import { repository } from '../source-key.ts'

const passphrase = 'four kinds of weather'

/** What starts services, and the example that a user would begin with. */
export const roots = {
  systemd: 'debian.yaml',
  openrc: 'debian-openrc.yaml',
  sysvinit: 'debian-sysvinit.yaml',
  busybox: 'tiny.yaml',
} as const
export type RootName = keyof typeof roots
export const rootNames = Object.keys(roots) as RootName[]

export type RootImage = {
  readonly version: string
  /** The OCI layout that `skerry image push` takes. */
  readonly directory: string
  /** Name of the OSImage once it was pushed. */
  readonly osImage: string
  readonly imageId: string
  readonly manifestDigest: string
  readonly disk?: string
}
export type RootImages = {
  readonly name: RootName
  readonly keys: string
  readonly first: RootImage
  readonly second: RootImage
  /** Starts, and says of itself that it is not well. */
  readonly bad: RootImage
}

export const rootsDirectory = () => join(bootCacheDirectory(), 'roots')

export type RootBuild = {
  readonly name: RootName
  /** Without models, with the modules of a virtual machine and lz4: a third of the bytes, the same programs. */
  readonly isLean: boolean
  readonly say: (line: string) => void
}

/** The example in three versions; partitions are small, so that a copy of the disk is. */
export async function buildRootImages(options: RootBuild): Promise<RootImages> {
  const { name } = options
  const keys = await ensureKeys()
  const build = (change: Change) => buildVersion({ ...options, keys }, change)
  return {
    name,
    keys,
    first: await build({ version: '1.0.0', hasDisk: true }),
    second: await build({ version: '2.0.0' }),
    bad: await build({ version: '3.0.0', isBad: true }),
  }
}

async function ensureKeys(): Promise<string> {
  const keys = join(rootsDirectory(), 'keys')
  await mkdir(rootsDirectory(), { recursive: true })
  if (!existsSync(keys))
    await createKeys(
      keys,
      { name: 'Boot tests, roots', passphrase },
      { clock: systemClock, random: systemRandom },
    )
  return keys
}

type Change = {
  readonly version: string
  readonly hasDisk?: boolean
  readonly isBad?: boolean
  /** Put over the schematic. */
  readonly more?: object
  /** Where it goes; default: by name and version. */
  readonly into?: string
}

/** One image of a root with what a measurement needs of its own. */
export async function buildRootImage(
  options: RootBuild,
  into: string,
  more: object,
): Promise<RootImage & { readonly disk: string; readonly keys: string }> {
  const keys = await ensureKeys()
  const change = { version: '1.0.0', hasDisk: true, into, more }
  const image = await buildVersion({ ...options, keys }, change)
  return { ...image, disk: image.disk!, keys }
}
type Making = RootBuild & { readonly keys: string }

const lean = {
  inference: false,
  modules: ['virtio_net', 'virtio_rng', 'i6300esb'],
  compression: 'lz4',
}

async function buildVersion(making: Making, change: Change): Promise<RootImage> {
  const { name, isLean, keys, say } = making
  const { version, hasDisk = false, isBad = false, more = {}, into } = change
  const example = parse(
    await readFile(join(repository, 'examples/images', roots[name]), 'utf8'),
  ) as { cloudConfig?: object[] }
  const check = `#cloud-config\nskerry:\n  checks:\n    - name: till\n      command: 'echo the drawer is stuck; exit 1'\n      timeoutSeconds: 20\n`
  const schematic = {
    ...example,
    ...(isLean ? lean : {}),
    name,
    version,
    cloudConfig: [...(example.cloudConfig ?? []), ...(isBad ? [{ content: check }] : [])],
    files: [{ path: '/etc/motd', content: `This is version ${version}.\n` }],
    microsoftCertificates: false,
    slotBytes: '768MiB',
    espBytes: '128MiB',
    dataBytes: '512MiB',
    ...more,
  }
  const directory = isLean ? 'lean-images' : 'images'
  const out = join(rootsDirectory(), directory, into ?? `${name}-${version}`)
  await mkdir(out, { recursive: true })
  const file = join(out, 'image.yaml')
  await writeFile(file, stringify(schematic))
  const startMs = systemClock.monotonicMs()
  const record = await buildImage({
    file,
    out,
    keys,
    disks: hasDisk ? ['raw'] : [],
    passphrase: async () => passphrase,
    clock: systemClock,
  })
  const seconds = ((systemClock.monotonicMs() - startMs) / 1000).toFixed(1)
  const sizeMiB = (record.description.root.sizeBytes / 2 ** 20).toFixed(0)
  say(`${name} ${version}: ${sizeMiB} MiB, built in ${seconds} s`)
  return {
    version,
    directory: out,
    osImage: `${name}-${version}`,
    imageId: record.description.imageId,
    manifestDigest: record.manifestDigest,
    ...(hasDisk ? { disk: join(out, 'disk.raw') } : {}),
  }
}
