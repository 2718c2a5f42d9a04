import { readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { arch, release } from 'node:os'
import { nodePaths, partitionLabels } from '@skerry/api/os/os-layout'
import { type Clock, systemClock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { readPartitions, slotsOf } from './block-devices.ts'
import { readFirmware } from './efi-variables.ts'
import { panicFileBytesMax, panicFilesMax } from './limits.ts'
import {
  type BootFacts,
  type DataPlace,
  OsDiskError,
  type OsHost,
  type PanicStore,
} from './os-host.ts'
import { type RunTool, runTool, withRealEsp } from './real-esp.ts'
import { createRealFiles, onDisk } from './real-files.ts'
import { restartMachine } from './restart-machine.ts'

export type RealOsHostOptions = {
  readonly log: Log
  readonly clock?: Clock | undefined
  /** Before each of the paths: tests make a small machine of directories. */
  readonly root?: string | undefined
  readonly run?: RunTool | undefined
}

/** This machine, without any of its root's programs. */
export async function openRealOsHost(options: RealOsHostOptions): Promise<OsHost> {
  const { log, clock = systemClock, root = '', run = runTool } = options
  const disk = await readWord(`${root}${nodePaths.run}/disk`)
  const partitions = await readPartitions(`${root}/sys/class/block`, disk)
  const esp = partitions.find(({ label }) => label === partitionLabels.esp)
  return {
    architecture: arch(),
    boot: await readBoot(root),
    slots: slotsOf(partitions, `${root}/dev`),
    data: await readDataPlace(root),
    async withEsp(act) {
      if (esp === undefined)
        throw new OsDiskError(`The disk ${disk ?? ''} has no partition called esp.`)
      const device = `/dev/${esp.device}`
      return withRealEsp({ device, run, log }, act)
    },
    dropCaches: () =>
      onDisk('/proc/sys/vm/drop_caches', () => writeFile(`${root}/proc/sys/vm/drop_caches`, '1')),
    panics: createPanicStore([`${root}/sys/fs/pstore`, `${root}/var/lib/systemd/pstore`]),
    restart: () =>
      restartMachine({
        clock,
        log,
        proc: `${root}/proc`,
        signalInit: (signal) => void process.kill(1, signal),
      }),
  }
}

async function readBoot(root: string): Promise<BootFacts> {
  const uptime = Number((await readWord(`${root}/proc/uptime`))?.split(' ')[0])
  const status = Number(await readWord(`${root}/sys/class/watchdog/watchdog0/bootstatus`))
  return {
    bootId: (await readWord(`${root}/proc/sys/kernel/random/boot_id`)) ?? 'unknown',
    uptimeSeconds: Number.isFinite(uptime) ? uptime : 0,
    commandLine: (await readWord(`${root}/proc/cmdline`)) ?? '',
    runningSlot: await readWord(`${root}${nodePaths.run}/slot`),
    kernelVersion: release(),
    ...(await readFirmware(`${root}/sys/firmware/efi/efivars`)),
    // Many a watchdog does not tell: then nothing is known, not that it was somebody else.
    wasResetByWatchdog: (status & watchdogWasCardReset) === 0 ? undefined : true,
  }
}

/** WDIOF_CARDRESET of the kernel's watchdog interface. */
const watchdogWasCardReset = 0x20

/** What the initrd says of data: a machine without it runs on memory, and forgets. */
async function readDataPlace(root: string): Promise<DataPlace> {
  const said =
    (await readWord(`${root}${nodePaths.run}/data`)) ?? 'Missing: the initrd said nothing'
  const isDurable = /^(Healthy|Repaired)\b/.test(said)
  return {
    files: createRealFiles(root),
    directory: nodePaths.osState,
    isDurable,
    ...(said === 'Healthy' ? {} : { problem: said.slice(0, 400) }),
  }
}

/** Where the kernel leaves its last words, and where systemd puts them if it comes first. */
function createPanicStore(directories: readonly string[]): PanicStore {
  return {
    async list() {
      const found: { name: string; bytes: Uint8Array }[] = []
      for (const directory of directories)
        for (const name of await filesBelow(directory)) {
          if (found.length >= panicFilesMax) return found
          const bytes = await readFile(`${directory}/${name}`).catch(() => undefined)
          if (bytes !== undefined && bytes.length <= panicFileBytesMax)
            found.push({ name: `${directory}/${name}`, bytes })
        }
      return found
    },
    remove: (name) => onDisk(name, () => rm(name, { force: true })),
  }
}

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.slice(directory.length + 1))
    .toSorted()
}

async function readWord(path: string): Promise<string | undefined> {
  const text = (await readFile(path, 'utf8').catch(() => '')).trim()
  return text === '' ? undefined : text
}
