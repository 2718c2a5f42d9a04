import { existsSync } from 'node:fs'
import { copyFile, cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceKind } from '@skerry/api/kinds/device'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { profileKind } from '@skerry/api/kinds/profile'
import { rolloutKind } from '@skerry/api/kinds/rollout'
import { siteKind } from '@skerry/api/kinds/site'
import { digestOf } from '@skerry/artifact/digest-of'
import { systemClock } from '@skerry/base/clock'
import { readPublicKeys } from '@skerry/factory/keys/open-keys'
import {
  createBlankVariables,
  createSecureBootVariables,
} from '@skerry/factory/lab/firmware-variables'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import type { Machine } from '@skerry/factory/lab/machine'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { runProgram } from '@skerry/factory/tools/run-program'
import { eventually } from '../demo-run.ts'
import { bootCacheDirectory } from './boot-cache.ts'
import type { TestImages } from './build-test-images.ts'
import { createConfigDrive } from '@skerry/factory/lab/config-drive'
import { LabHub, hostForGuests } from './lab-hub.ts'
import { bootLimits } from './limits.ts'
import { sourceKey } from './source-key.ts'
import { profileOf } from './wanted.ts'

/** One machine with its hub at a time: with Secure Boot or without, on ports of its own. */
export type Lane = {
  readonly name: string
  readonly secureBoot: boolean
  readonly port: number
}
export type World = {
  readonly images: TestImages
  readonly trees: LabTrees
  readonly say: (line: string) => void
}

/** What every scenario of a lane starts from: a machine that has joined, and the hub that it joined. */
export type LaneBase = {
  readonly directory: string
  readonly disk: string
  readonly variables: string
  readonly hub: string
}

export const site = 'shop'
/** What a machine that has joined depends on, beside its image. */
const enrolSources = ['e2e/boot/{lane,wanted}.ts', 'packages/factory/src/lab/config-drive.ts']

export function laneOf(secureBoot: boolean, index: number): Lane {
  const name = `${secureBoot ? 'secure' : 'plain'}-${index}`
  return { name, secureBoot, port: 24_430 + (secureBoot ? 200 : 0) + index * 10 }
}

export const baseFiles = (directory: string): LaneBase => ({
  directory,
  disk: join(directory, 'disk.raw'),
  variables: join(directory, 'variables.fd'),
  hub: join(directory, 'hub'),
})

/** Enrols the machine of a lane, once for as long as its image and this file stay the same. */
export async function ensureBase(world: World, lane: Lane): Promise<LaneBase> {
  const image = await world.images.get('good1')
  const key = digestOf(JSON.stringify([image.manifestDigest, lane, sourceKey(enrolSources)]))
  const directory = join(bootCacheDirectory(), 'lanes', lane.name)
  const keyFile = join(directory, 'key')
  if ((await readFile(keyFile, 'utf8').catch(() => '')) === key) return baseFiles(directory)
  const work = `${directory}.new`
  await rm(work, { recursive: true, force: true })
  await mkdir(work, { recursive: true })
  await enrol(world, lane, baseFiles(work))
  await writeFile(join(work, 'key'), key)
  await rm(directory, { recursive: true, force: true })
  await rename(work, directory)
  return baseFiles(directory)
}

/** First boot: from an image on a disk to a machine that its hub knows. */
export async function enrol(
  world: World,
  lane: Lane,
  base: LaneBase,
  hardware: LaneHardware = {},
): Promise<void> {
  const startMs = systemClock.monotonicMs()
  const image = await world.images.get('good1')
  await copySparse(image.disk!, base.disk)
  await createVariables(world, lane, base.variables)
  await using hub = await LabHub.start(base.hub, lane.port)
  await hub.skerry('image', 'push', image.directory)
  await hub.state.create(profileKind, profileOf('boot-1.0.0'))
  await hub.state.create(fleetKind, {
    metadata: { name: 'shops', namespace: 'default' },
    spec: {
      selector: { matchLabels: { fleet: 'shops' } },
      profile: 'base',
      rollout: {
        canary: { sites: 1 },
        soakSeconds: 5,
        onFailure: 'RollBackAll',
        gates: [{ metric: 'BootHealth', maxSites: 0, minSamples: 1 }],
      },
    },
  })
  await hub.state.create(siteKind, {
    metadata: { name: site, namespace: 'default', labels: { fleet: 'shops' } },
    spec: {},
  })
  const token = (await hub.skerry('token', 'create', '--site', site)).trim()
  const drive = join(base.directory, 'drive.img')
  const hubUrl = `https://${hostForGuests}:${lane.port}`
  await createConfigDrive(
    world.trees,
    drive,
    `#cloud-config\nskerry:\n  hub: ${hubUrl}\n  token: ${token}\n  site: ${site}\n`,
  )
  const drives = [{ file: drive, isReadOnly: true }]
  await using machine = await startLaneMachine(world, lane, base, { ...hardware, more: drives })
  await eventually(
    'the machine to be green at the hub',
    async () => {
      if (!machine.isRunning) throw new Error(`QEMU ended: ${machine.console.tail()}`)
      const { items } = await hub.state.list(deviceKind)
      const { items: rollouts } = await hub.state.list(rolloutKind)
      const isGreen =
        items[0]?.status?.os?.imageId === image.imageId &&
        rollouts[0]?.status?.phase === 'Succeeded'
      return isGreen ? true : undefined
    },
    bootLimits.enrolMs,
  )
  await systemClock.sleep(bootLimits.settleMs)
  world.say(
    `${lane.name}: enrolled in ${seconds(startMs)} s, ${machine.processorSeconds.toFixed(0)} processor seconds`,
  )
}

const seconds = (startMs: number) => ((systemClock.monotonicMs() - startMs) / 1000).toFixed(0)

async function createVariables({ trees, images }: World, lane: Lane, out: string): Promise<void> {
  if (lane.secureBoot)
    await createSecureBootVariables(trees, await readPublicKeys(images.keys), out)
  else await createBlankVariables(trees.lab, out)
}

export type LaneHardware = {
  readonly more?: readonly { readonly file: string; readonly isReadOnly: boolean }[]
  /** Where every write to its disk is recorded. */
  readonly writeLog?: string
} & Partial<Parameters<typeof startMachine>[0]>

/** The machine of a lane, with the hardware that all of them have. */
export function startLaneMachine(
  { trees }: World,
  lane: Lane,
  base: LaneBase,
  { more = [], writeLog, ...hardware }: LaneHardware = {},
): Promise<Machine> {
  return startMachine({
    trees,
    memoryMiB: 768,
    cpus: 1,
    secureBoot: lane.secureBoot,
    variables: base.variables,
    watchdog: true,
    network: {},
    disks: [{ file: base.disk, ...(writeLog === undefined ? {} : { writeLog }) }, ...more],
    consoleFile: join(base.directory, 'console.log'),
    ...hardware,
  })
}

/** A copy of a machine and its hub, to do with as one likes. */
export async function copyBase(base: LaneBase, directory: string): Promise<LaneBase> {
  await rm(directory, { recursive: true, force: true })
  await mkdir(directory, { recursive: true })
  const copy = baseFiles(directory)
  await copySparse(base.disk, copy.disk)
  await copyFile(base.variables, copy.variables)
  await cp(base.hub, copy.hub, { recursive: true, preserveTimestamps: true })
  if (existsSync(join(copy.hub, 'hub.lock'))) await rm(join(copy.hub, 'hub.lock'))
  return copy
}

/** Node copies holes as zeros, which is a disk full of them. */
export async function copySparse(from: string, to: string): Promise<void> {
  await runProgram({
    command: ['cp', '--sparse=always', '--reflink=auto', from, to],
    name: 'cp',
    environment: { PATH: '/usr/bin:/bin' },
  })
}
