import assert from 'node:assert/strict'
import { closeSync, openSync, readSync, writeSync } from 'node:fs'
import { chmod, open } from 'node:fs/promises'
import { join } from 'node:path'
import { type Device, deviceKind } from '@skerry/api/kinds/device'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { profileKind } from '@skerry/api/kinds/profile'
import { type Rollout, rolloutKind } from '@skerry/api/kinds/rollout'
import { type Site, siteKind } from '@skerry/api/kinds/site'
import type { OsOutcome } from '@skerry/api/os/os-report'
import { isApiError } from '@skerry/api/status'
import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import { openDiskFile } from '@skerry/factory/lab/disk-view'
import type { Machine } from '@skerry/factory/lab/machine'
import { readPartitionTable } from '@skerry/factory/lab/partition-table'
import type { MachineHardware } from '@skerry/factory/lab/qemu-arguments'
import { readArtifact } from '@skerry/factory/publish/read-artifact'
import type { TestImage } from './build-test-images.ts'
import {
  type Lane,
  type LaneBase,
  type LaneHardware,
  type World,
  site,
  startLaneMachine,
} from './lane.ts'
import { LabHub } from './lab-hub.ts'
import { bootLimits } from './limits.ts'
import type { ImageName } from './test-images.ts'
import { type OsPolicy, profileOf } from './wanted.ts'

export type OutcomeWish = {
  readonly result: OsOutcome['result']
  readonly evidence?: OsOutcome['evidence']
  readonly message?: RegExp
}

/** One run of one scenario: a machine that has joined, its hub, and what one does and asks. */
export class Trial implements AsyncDisposable {
  readonly world: World
  readonly lane: Lane
  readonly base: LaneBase
  #open = new AsyncDisposableStack()
  #hub: LabHub | undefined
  #machine: Machine | undefined
  #spentProcessorSeconds = 0

  constructor(world: World, lane: Lane, base: LaneBase) {
    this.world = world
    this.lane = lane
    this.base = base
  }

  get hub(): LabHub {
    assert(this.#hub !== undefined, 'the hub was not started: call startHub first')
    return this.#hub
  }

  get machine(): Machine {
    assert(this.#machine !== undefined, 'the machine was not started: call start first')
    return this.#machine
  }

  get consoleFile(): string {
    return `${this.base.directory}/console.log`
  }

  get processorSeconds(): number {
    return (this.#machine?.processorSeconds ?? 0) - this.#spentProcessorSeconds
  }

  /** Another scenario begins on the machine that is already on. */
  beginAgain(): void {
    this.#spentProcessorSeconds = this.#machine?.processorSeconds ?? 0
  }

  consoleTail(): string {
    return this.#machine?.console.tail(bootLimits.consoleTailLines) ?? ''
  }

  async startHub(): Promise<void> {
    this.#hub = this.#open.use(await LabHub.start(this.base.hub, this.lane.port))
  }

  async startMachine(hardware: LaneHardware = {}): Promise<Machine> {
    this.#machine = this.#open.use(
      await startLaneMachine(this.world, this.lane, this.base, hardware),
    )
    return this.#machine
  }

  /** Hub and machine, and the machine is there for the hub. Those that are on already stay as they are. */
  async start(hardware: LaneHardware = {}): Promise<void> {
    if (this.#machine?.isRunning === true) return
    const [machine] = await Promise.all([this.startMachine(hardware), this.startHub()])
    await this.says(/^skerry: image 1\.0\.0 \(\w+\) runs from slot-a, kept/)
    assert(machine.isRunning)
  }

  image(name: ImageName): Promise<TestImage> {
    return this.world.images.get(name)
  }

  /** Pushes the image, and has the fleet want it. */
  async want(name: ImageName, policy: OsPolicy = {}): Promise<TestImage> {
    const image = await this.image(name)
    await this.push(name)
    await this.setProfile(osImageNameOf(image), policy)
    return image
  }

  async push(name: ImageName): Promise<void> {
    const image = await this.image(name)
    await this.hub.skerry('image', 'push', image.directory, '--name', osImageNameOf(image))
  }

  async setProfile(image: string, policy: OsPolicy = {}): Promise<void> {
    const key = { namespace: 'default', name: 'base' }
    for (;;) {
      const profile = await this.hub.state.get(profileKind, key)
      assert(profile !== undefined)
      try {
        await this.hub.state.update(profileKind, { ...profile, ...onlySpec(image, policy) })
        return
      } catch (error) {
        if (!isApiError(error, 'Conflict')) throw error
      }
    }
  }

  /** A line of the console, after the last that was waited for. */
  async says(pattern: RegExp, processorSecondsMax: number = bootLimits.processorSecondsMax) {
    return await this.machine.waitFor(pattern, { processorSecondsMax })
  }

  async device(): Promise<Device | undefined> {
    const { items } = await this.hub.state.list(deviceKind)
    return items[0]
  }

  async site(): Promise<Site | undefined> {
    return await this.hub.state.get(siteKind, { namespace: 'default', name: site })
  }

  /** What the hub knows of an attempt with this image, once it is what the scenario expects. */
  async outcome(image: TestImage, wish: OutcomeWish): Promise<OsOutcome> {
    return await this.eventually(
      `the outcome ${wish.result} of ${image.version} at the hub`,
      async () => {
        const outcomes = (await this.device())?.status?.os?.outcomes ?? []
        const found = outcomes.find(
          (each) =>
            each.imageId === image.imageId &&
            each.result === wish.result &&
            (wish.evidence === undefined || each.evidence === wish.evidence) &&
            (wish.message === undefined || wish.message.test(each.message)),
        )
        if (found !== undefined) return found
        throw new Error(`It has: ${outcomes.map(describe).join(' | ') || 'none'}`)
      },
    )
  }

  /** The image runs, and is kept, as the hub knows it. */
  async runs(image: TestImage): Promise<Device> {
    return await this.eventually(`${image.version} to run, as the hub knows`, async () => {
      const device = await this.device()
      const os = device?.status?.os
      if (os?.imageId === image.imageId && os.isBlessed) return device
      throw new Error(`It runs ${os?.version}, blessed ${os?.isBlessed}, ${os?.phase}`)
    })
  }

  /** The newest rollout is in this phase. */
  async rollout(
    phase: NonNullable<Rollout['status']>['phase'],
    message?: RegExp,
  ): Promise<Rollout> {
    return await this.eventually(`the rollout to be ${phase}`, async () => {
      const { items } = await this.hub.state.list(rolloutKind)
      const newest = items.toSorted((a, b) => madeAt(b).localeCompare(madeAt(a)))[0]
      const { status } = newest ?? {}
      const isIt = status?.phase === phase && (message?.test(JSON.stringify(status)) ?? true)
      if (newest !== undefined && isIt) return newest
      throw new Error(`It is ${status?.phase}: ${status?.message}`)
    })
  }

  /** Words that a person reads at the hub, in whatever field. */
  async isToldAtHub(pattern: RegExp): Promise<void> {
    await this.eventually(`${pattern} in the status of device and site`, async () => {
      const [device, found] = [await this.device(), await this.site()]
      const text = JSON.stringify([device?.status, found?.status])
      if (pattern.test(text)) return true
      const layers = found?.status?.layers ?? []
      const said = layers.map(({ state, message }) => `${state}: ${message}`)
      throw new Error(`It says ${said.join('; ')}; ${device?.status?.os?.message}`)
    })
  }

  /**
   * The new image was given up and the old one runs: the console says so, the hub has the outcome, and the
   * rollout has brought the fleet back by itself.
   */
  async fallsBack(
    image: TestImage,
    wish: Omit<OutcomeWish, 'result'> & { readonly processorSecondsMax?: number },
  ): Promise<void> {
    const { version } = image
    await this.says(
      new RegExp(
        `^skerry: image 1\\.0\\.0 \\(\\w+\\) runs from slot-a, kept; last: ${version} FellBack`,
      ),
      wish.processorSecondsMax,
    )
    await this.outcome(image, { ...wish, result: 'FellBack' })
    await this.runs(await this.image('good1'))
    await this.rollout('RolledBack')
  }

  /** The new image is found well and kept, on the console and at the hub. */
  async isKept(image: TestImage, result: OsOutcome['result'] = 'Succeeded'): Promise<void> {
    await this.says(new RegExp(`^skerry: image ${image.version} is well and is kept`))
    await this.outcome(image, { result, evidence: 'None' })
    await this.runs(image)
    await this.rollout('Succeeded')
  }

  /** Pulls the plug at a line, lets somebody do what they like to the disk, and switches it on again. */
  async cutPowerAt(
    pattern: RegExp,
    meanwhile: () => Promise<void> | void = () => {},
    changes: Partial<MachineHardware> = {},
  ): Promise<void> {
    await this.machine.cutPowerAt(pattern, {
      processorSecondsMax: bootLimits.processorSecondsMax,
    })
    await meanwhile()
    await this.machine.restart(changes)
  }

  /** Bytes of the disk while the machine is off; offsets are within the partition. */
  overwrite(partition: string, offset: number, change: (bytes: Buffer) => void, length: number) {
    const { offset: start } = partitionOf(this.base.disk, partition)
    const fd = openSync(this.base.disk, 'r+')
    try {
      const bytes = Buffer.alloc(length)
      readSync(fd, bytes, 0, length, start + offset)
      change(bytes)
      writeSync(fd, bytes, 0, length, start + offset)
    } finally {
      closeSync(fd)
    }
  }

  /** Changes a byte of the image's file system where the hub keeps it. */
  async spoilBlob({ directory }: TestImage): Promise<void> {
    const { description } = await readArtifact(directory)
    const hex = description.root.digest.slice('sha256:'.length)
    const file = join(this.base.hub, 'registry/sha256', hex.slice(0, 2), hex)
    await chmod(file, 0o600)
    await using blob = await open(file, 'r+')
    await blob.write(Buffer.from('not what was signed'), 0, 19, 2 ** 20)
  }

  async setRolloutPolicy(policy: object): Promise<void> {
    const fleet = await this.hub.state.get(fleetKind, { namespace: 'default', name: 'shops' })
    assert(fleet !== undefined)
    const rollout = { ...fleet.spec.rollout, ...policy }
    await this.hub.state.update(fleetKind, { ...fleet, spec: { ...fleet.spec, rollout } })
  }

  /** Looks until there is something; a look that throws says why there is not yet. */
  async eventually<T>(
    what: string,
    look: () => Promise<T | undefined>,
    withinMs: number = bootLimits.waitMs,
  ): Promise<T> {
    const deadlineMs = systemClock.monotonicMs() + withinMs
    let last = ''
    while (systemClock.monotonicMs() < deadlineMs) {
      assert(this.#machine?.isRunning !== false, `${what}: QEMU ended before. ${last}`)
      try {
        const found = await look()
        if (found !== undefined) return found
      } catch (error) {
        last = toError(error).message
      }
      await systemClock.sleep(bootLimits.lookEveryMs)
    }
    throw new Error(`${what}: not within ${withinMs / 1000} s. ${last}`)
  }

  async sleep(ms: number): Promise<void> {
    await systemClock.sleep(ms)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#open.disposeAsync()
  }
}

export function partitionOf(disk: string, label: string) {
  using view = openDiskFile(disk)
  const table = readPartitionTable(view)
  const found = table.ok ? table.partitions.find((each) => each.label === label) : undefined
  assert(found !== undefined, `${disk} has no partition ${label}`)
  return found
}

const onlySpec = (image: string, policy: OsPolicy) => ({ spec: profileOf(image, policy).spec })

export const osImageNameOf = ({ name, version }: TestImage): string =>
  name === 'good1' ? `boot-${version}` : `${name.toLowerCase()}-${version}`

/** In whole seconds; of two that were made in one, the name of the later revision is as good as any. */
const madeAt = ({ metadata }: Rollout) => `${metadata.creationTimestamp} ${metadata.name}`

const describe = ({ version, result, evidence, message }: OsOutcome) =>
  `${version} ${result} (${evidence}): ${message}`
