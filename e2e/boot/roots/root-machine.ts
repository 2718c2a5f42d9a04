import { rm, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { deviceKind } from '@skerry/api/kinds/device'
import { fleetKind } from '@skerry/api/kinds/fleet'
import { siteKind } from '@skerry/api/kinds/site'
import { readPublicKeys } from '@skerry/factory/keys/open-keys'
import {
  createBlankVariables,
  createSecureBootVariables,
} from '@skerry/factory/lab/firmware-variables'
import type { ConsoleLine } from '@skerry/factory/lab/console-lines'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import type { Machine } from '@skerry/factory/lab/machine'
import { startMachine } from '@skerry/factory/lab/start-machine'
import { createConfigDrive } from '@skerry/factory/lab/config-drive'
import { LabHub, hostForGuests } from '../lab-hub.ts'
import { probeConfig } from './probe-config.ts'
import { type RootImages, rootNames, rootsDirectory } from './root-images.ts'

export const site = 'shop'

export type RootOptions = {
  readonly secureBoot: boolean
  readonly cpus?: number
  /** Told each line of the console as it comes. */
  readonly watch?: (line: ConsoleLine, machine: Machine) => void
}
/** What the machine is installed from. */
export type RootDisk = {
  readonly name: RootImages['name']
  readonly keys: string
  readonly first: { readonly disk?: string }
}

/** A machine that nobody has started yet, at a hub of its own. */
export class RootMachine implements AsyncDisposable {
  readonly hub: LabHub
  readonly machine: Machine
  readonly console: string
  #parts: AsyncDisposableStack

  private constructor(parts: {
    hub: LabHub
    machine: Machine
    console: string
    stack: AsyncDisposableStack
  }) {
    this.hub = parts.hub
    this.machine = parts.machine
    this.console = parts.console
    this.#parts = parts.stack
  }

  static async start(
    trees: LabTrees,
    images: RootDisk,
    { secureBoot, cpus = 1, watch = () => {} }: RootOptions,
  ): Promise<RootMachine> {
    const directory = join(
      rootsDirectory(),
      'machines',
      `${images.name}-${secureBoot ? 'secure' : 'plain'}`,
    )
    await rm(directory, { recursive: true, force: true })
    await mkdir(directory, { recursive: true })
    await using stack = new AsyncDisposableStack()
    const port = portOf(images.name, secureBoot)
    const hub = stack.use(await LabHub.start(join(directory, 'hub'), port))
    await hub.state.create(fleetKind, fleet)
    await hub.state.create(siteKind, {
      metadata: { name: site, namespace: 'default', labels: { fleet: 'shops' } },
      spec: {},
    })
    const token = (await hub.skerry('token', 'create', '--site', site)).trim()
    const drive = join(directory, 'drive.img')
    const hubUrl = `https://${hostForGuests}:${port}`
    const words = probeConfig({ hub: hubUrl, token, site })
    await createConfigDrive(trees, drive, `#cloud-config\n${words}`)
    const variables = join(directory, 'variables.fd')
    if (secureBoot)
      await createSecureBootVariables(trees, await readPublicKeys(images.keys), variables)
    else await createBlankVariables(trees.lab, variables)
    const console = join(directory, 'console.log')
    const machine = stack.use(
      await startMachine({
        trees,
        memoryMiB: 1024,
        cpus,
        secureBoot,
        variables,
        watchdog: true,
        network: {},
        disks: [
          { file: images.first.disk!, isTemporary: true },
          { file: drive, isReadOnly: true },
        ],
        consoleFile: console,
      }),
    )
    machine.console.watch((line) => watch(line, machine))
    return new RootMachine({ hub, machine, console, stack: stack.move() })
  }

  async site() {
    return await this.hub.state.get(siteKind, { namespace: 'default', name: site })
  }

  async device() {
    const { items } = await this.hub.state.list(deviceKind)
    return items[0]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]()
  }
}

const fleet = {
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
} as const

const portOf = (name: RootImages['name'], secureBoot: boolean) =>
  24_830 + rootNames.indexOf(name) * 20 + (secureBoot ? 10 : 0)
