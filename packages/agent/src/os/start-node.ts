import { mkdir, readFile } from 'node:fs/promises'
import { nodePaths } from '@skerry/api/os/os-layout'
import { toError } from '@skerry/base/assert'
import { systemClock } from '@skerry/base/clock'
import type { DeviceNetwork } from '@skerry/client/device-link'
import { readNodeConfig } from '@skerry/node-os/stages/node-config'
import { createRealStageHost } from '@skerry/node-os/stages/real-stage-host'
import { runStages } from '@skerry/node-os/stages/run-stages'
import { parseCommandLine } from '@skerry/node-os/upgrade/command-line'
import { openOsMachine } from '@skerry/node-os/upgrade/open-os-machine'
import { openRealOsHost } from '@skerry/node-os/upgrade/real-os-host'
import { realDisk } from '../real-disk.ts'
import { createRealHost } from '../real-host.ts'
import { createRotatingLog } from '../runtimes/rotating-log.ts'
import { probeDisk } from './disk-probe.ts'
import { probeInit } from './init-probe.ts'
import { createNodeLog } from './node-log.ts'
import type { NodeOptions } from './node-settings.ts'
import { createRealImageMachine } from './real-image-machine.ts'
import { openWatchdog } from './real-watchdog.ts'
import { type NodeParts, runNode } from './run-node.ts'
import { settingsOfConfig } from './settings-of-config.ts'

export type StartNodeOptions = NodeOptions & {
  /** Where images are looked for before the hub is asked. */
  readonly images: readonly string[]
  readonly network: DeviceNetwork
}

/** Stages write into the machine: they must never run on one that is not ours. */
export class NotOurMachine extends Error {
  constructor() {
    super(
      'This machine does not run from an image of ours (its command line has no skerry.image): leave out --node, and name --data and --hub',
    )
    this.name = 'NotOurMachine'
  }
}

/** Runs the agent of a machine of ours until the signal aborts. Its console is standard output. */
export async function startNode(options: StartNodeOptions, signal: AbortSignal): Promise<void> {
  if (parseCommandLine(await readFile('/proc/cmdline', 'utf8')) === undefined)
    throw new NotOurMachine()
  const say = (line: string): void => {
    process.stdout.write(`skerry: ${line}\n`)
  }
  const data = await openDirectory(options.data, say)
  await using file = createRotatingLog(realDisk, `${data}/agent.log`)
  const log = createNodeLog({ clock: systemClock, keep: (line) => file.write(line), say })
  const host = createRealHost(log, options.network)
  log.info('The agent starts', { data, pid: process.pid })
  const stages = createRealStageHost({
    phase: 'late',
    // Its lines say themselves who speaks.
    say: (line) => process.stdout.write(`${line}\n`),
  })
  const parts: NodeParts = {
    say,
    settings: async () => settingsOfConfig(readNodeConfig(stages)),
    runStages: async (names) => void (await runStages(stages, names)),
    openMachine: async (settings, pulse) => {
      const os = await openOsMachine({
        host: await openRealOsHost({ log }),
        clock: systemClock,
        log,
      })
      if (os === undefined) return undefined
      const directories = options.images
      return await createRealImageMachine({ host, os, settings, pulse, say, directories })
    },
    watchdog: {
      open: () => openWatchdog(),
      probes: { disk: () => probeDisk(host.disk, data), init: () => probeInit() },
    },
  }
  await runNode(host, { ...options, data }, parts, signal)
}

/** Without its data a machine must still serve, and say what is wrong: then in memory. */
async function openDirectory(data: string, say: (line: string) => void): Promise<string> {
  const inMemory = `${nodePaths.run}/agent`
  try {
    await mkdir(data, { recursive: true, mode: 0o700 })
    return data
  } catch (error) {
    say(
      `data cannot be used, what the agent learns is forgotten at the next restart: ${toError(error).message}`,
    )
    await mkdir(inMemory, { recursive: true, mode: 0o700 })
    return inMemory
  }
}
