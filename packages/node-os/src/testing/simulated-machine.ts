import { espPaths, nodePaths, partitionLabels } from '@skerry/api/os/os-layout'
import { commandLineNames } from '@skerry/api/os/os-layout'
import { blessedName } from '../upgrade/entry-name.ts'
import type { OsHost } from '../upgrade/os-host.ts'
import type { FakeImage } from './fake-image.ts'
import { type Loss, type Power, createPower, fateOf } from './power.ts'
import { type FilesOptions, type SimulatedFiles, createSimulatedFiles } from './simulated-files.ts'
import { noteHandover } from './simulated-initrd.ts'
import { startOnce } from './simulated-loader.ts'
import { type SimulatedSlot, createSimulatedSlot } from './simulated-slot.ts'

/** What an image does once its kernel runs. `Flickers`: the supply fails before its user space. */
export type Behaviour = 'Good' | 'Panics' | 'Hangs' | 'Dies' | 'Refused'

export type SimulatedMachine = {
  readonly power: Power
  readonly esp: SimulatedFiles
  readonly data: SimulatedFiles
  readonly slots: readonly SimulatedSlot[]
  readonly panics: Map<string, Uint8Array>
  /** How often the machine was started since it was made. */
  readonly starts: number
  /** What the loader went through in the last start, in words. */
  readonly story: readonly string[]
  behaviours: ReadonlyMap<string, Behaviour>
  /** Restarts until an image runs; undefined: it never does. */
  start(): Promise<{ readonly host: OsHost; readonly image: FakeImage } | undefined>
  /** The power is cut and comes back: what was not flushed may be lost. */
  afterPowerCut(loss: Loss): SimulatedMachine
}

export type SimulatedMachineOptions = {
  readonly images: readonly FakeImage[]
  /** What is in the slots as the disk was made, in order; each is blessed unless its entry says more. */
  readonly installed: readonly { readonly image: FakeImage; readonly entry?: string }[]
  readonly slotCount?: number
  readonly slotBytes?: number
  readonly espBytes?: number
  readonly dataBytes?: number
  readonly secureBoot?: boolean
  readonly firmwareKeys?: Uint8Array
  readonly architecture?: string
  readonly behaviours?: ReadonlyMap<string, Behaviour>
  readonly espIgnores?: FilesOptions['ignores']
  readonly dataIgnores?: FilesOptions['ignores']
  readonly slotsIgnoreSync?: boolean
  readonly isDataMissing?: boolean
}

const startsMax = 30

type Disks = {
  readonly power: Power
  readonly esp: SimulatedFiles
  readonly data: SimulatedFiles
  readonly slots: readonly SimulatedSlot[]
  readonly panics: Map<string, Uint8Array>
}

export function createSimulatedMachine(options: SimulatedMachineOptions): SimulatedMachine {
  const power = createPower()
  const { slotBytes = 16 * 4096, slotCount = 3, installed } = options
  const esp = createSimulatedFiles(
    { kind: 'Fat', capacityBytes: options.espBytes ?? 8 * 2 ** 20, ignores: options.espIgnores },
    power,
    new Map([
      ['', 'directory'],
      ['/EFI', 'directory'],
      [`/${espPaths.entries}`, 'directory'],
    ]),
  )
  for (const { image, entry } of installed)
    esp.put(`/${espPaths.entries}/${entry ?? blessedName(image.description.imageId)}`, image.kernel)
  const slots = partitionLabels.slots.slice(0, slotCount).map((name, index) => {
    const content = Buffer.alloc(slotBytes)
    content.set(installed[index]?.image.slot ?? [])
    return createSimulatedSlot(name, content, power, options.slotsIgnoreSync)
  })
  const data = createSimulatedFiles(
    {
      kind: 'Ext4',
      capacityBytes: options.dataBytes ?? 64 * 2 ** 20,
      ignores: options.dataIgnores,
    },
    power,
    new Map([
      ['', 'directory'],
      ['/data', 'directory'],
    ]),
  )
  return machineOf(options, { power, esp, data, slots, panics: new Map() }, 0)
}

function machineOf(
  options: SimulatedMachineOptions,
  disks: Disks,
  startsBefore: number,
): SimulatedMachine {
  let starts = startsBefore
  let wasReset = false
  const story: string[] = []
  const machine: SimulatedMachine = {
    ...disks,
    behaviours: options.behaviours ?? new Map<string, Behaviour>(),
    get starts() {
      return starts
    },
    story,
    async start() {
      story.length = 0
      for (let tries = 0; tries < startsMax; tries += 1) {
        starts += 1
        const behaviourOf = (image: FakeImage): Behaviour =>
          machine.behaviours.get(image.description.imageId) ?? 'Good'
        const attempt = await startOnce({
          ...disks,
          data: options.isDataMissing === true ? undefined : disks.data,
          wasReset,
          images: options.images,
          isRefused: (image) => behaviourOf(image) === 'Refused',
        })
        if ('failed' in attempt) {
          story.push(attempt.failed)
          wasReset = false
          if (attempt.imageId === undefined) return undefined
          continue
        }
        const image = attempt.started
        const behaviour = behaviourOf(image)
        story.push(`${image.description.version}: ${behaviour}`)
        if (behaviour === 'Good') {
          noteHandover(options.isDataMissing === true ? undefined : disks.data, imageIdOf(image))
          const host = hostOf(options, disks, { image, starts, wasReset, slot: attempt.slot })
          wasReset = false
          return { host, image }
        }
        wasReset = behaviour === 'Hangs'
        if (behaviour === 'Panics')
          disks.panics.set(
            `dmesg-${starts}`,
            Buffer.from(`Panic#1 Part1\n<0>[    3.1] Kernel panic - not syncing: VFS: no root\n`),
          )
      }
      return undefined
    },
    afterPowerCut(loss) {
      const fate = fateOf(loss)
      const power = createPower()
      const next: Disks = {
        power,
        esp: disks.esp.afterPowerCut(fate, power),
        data: disks.data.afterPowerCut(fate, power),
        slots: disks.slots.map((slot) => slot.afterPowerCut(fate, power)),
        panics: new Map(disks.panics),
      }
      return machineOf({ ...options, behaviours: machine.behaviours }, next, starts)
    },
  }
  return machine
}

const imageIdOf = (image: FakeImage): string => image.description.imageId

type Boot = {
  readonly image: FakeImage
  readonly starts: number
  readonly wasReset: boolean
  readonly slot: string
}

function hostOf(
  options: SimulatedMachineOptions,
  { power, esp, data, slots, panics }: Disks,
  { image, starts, wasReset, slot }: Boot,
): OsHost {
  const { imageId, rootHash, root } = image.description
  const words = [
    `${commandLineNames.rootHash}=${rootHash}`,
    `${commandLineNames.rootBytes}=${root.sizeBytes}`,
    `${commandLineNames.imageId}=${imageId}`,
  ]
  return {
    architecture: options.architecture ?? 'x64',
    boot: {
      bootId: `boot-${starts}`,
      uptimeSeconds: 5,
      commandLine: words.join(' '),
      runningSlot: slot,
      kernelVersion: image.description.kernelVersion,
      secureBoot: options.secureBoot,
      firmwareKeys: options.firmwareKeys,
      loader: 'systemd-boot 262',
      wasResetByWatchdog: wasReset ? true : undefined,
    },
    slots,
    data: {
      files:
        options.isDataMissing === true
          ? createSimulatedFiles({ kind: 'Ext4', capacityBytes: 64 * 2 ** 20 }, power)
          : data,
      directory: nodePaths.osState,
      isDurable: options.isDataMissing !== true,
      problem: options.isDataMissing === true ? 'Missing: there is no data partition' : undefined,
    },
    async withEsp(act) {
      await power.look()
      return act(esp)
    },
    dropCaches: () => power.look(),
    panics: {
      async list() {
        await power.look()
        return [...panics].map(([name, bytes]) => ({ name, bytes }))
      },
      async remove(name) {
        await power.tick()
        panics.delete(name)
      },
    },
    restart: () => power.tick(),
  }
}
