import { hostname, totalmem } from 'node:os'
import { systemClock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import { systemRandom } from '@skerry/base/random'
import type { DeviceNetwork } from '@skerry/client/device-link'
import type { Host } from './host.ts'
import { realDisk } from './real-disk.ts'
import { createRealNetwork } from './real-network.ts'
import { createRealProcesses } from './real-processes.ts'

/** The machine that the agent runs on. */
export function createRealHost(log: Log, device: DeviceNetwork): Host {
  const network = createRealNetwork(device)
  return {
    clock: systemClock,
    random: systemRandom,
    log,
    disk: realDisk,
    processes: createRealProcesses((connection) => network.socketOf(connection)),
    network,
    machine: { architecture: process.arch, memoryBytes: totalmem(), hostname: hostname() },
  }
}
