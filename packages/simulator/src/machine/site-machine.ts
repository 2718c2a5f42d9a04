import { runAgent } from '@skerry/agent/agent'
import type { AgentConfig } from '@skerry/agent/agent-config'
import type { LocalStatus } from '@skerry/agent/tasks/local-api'
import { DiskError, type Host } from '@skerry/agent/host'
import { openAgentState } from '@skerry/agent/state/agent-state'
import type { JoinTokenText } from '@skerry/api/join-token'
import { toError } from '@skerry/base/assert'
import { type Log, silentLog } from '@skerry/base/log'
import { type Random, seededRandom } from '@skerry/base/random'
import { signingRequestOf } from '../hub/hub-keys.ts'
import { type HubDoor, createDeviceNetwork } from '../link/device-network.ts'
import { serviceRestartMs } from '../limits.ts'
import { Weather } from '../link/weather.ts'
import type { Wire } from '../link/wire.ts'
import { type Life, createLife } from '../time/life.ts'
import type { Timeline } from '../time/timeline.ts'
import { createProcessClock } from '../time/wall-clock.ts'
import type { Trace } from '../trace.ts'
import { createMachineDisk } from './machine-disk.ts'
import { createMachineNetwork } from './machine-network.ts'
import { type MachineProcessesOptions, createMachineProcesses } from './machine-processes.ts'

export type SiteMachineOptions = {
  readonly timeline: Timeline
  readonly trace: Trace
  readonly startMs: number
  readonly name: string
  /** Of this machine alone: what happens at one site does not change the chance of another. */
  readonly seed: number
  readonly hub: () => HubDoor | undefined
  readonly join: JoinTokenText
  readonly heartbeatMs: number
  readonly behaviourOf: MachineProcessesOptions['behaviourOf']
  readonly log: Log
  readonly onBug: (error: Error) => void
}

const data = '/data'

/** A machine at a site: what runs on it comes and goes, its disk and its clock stay. */
export class SiteMachine {
  readonly name: string
  readonly weather = new Weather()
  readonly wall = { offsetMs: 0 }
  readonly disk: ReturnType<typeof createMachineDisk>
  readonly processes: ReturnType<typeof createMachineProcesses>
  /** Runs of the agent so far. */
  boots = 0
  readonly #options: SiteMachineOptions
  readonly #random: Random
  readonly #network = createMachineNetwork()
  readonly #wires = new Set<Wire>()
  #life: Life | undefined

  constructor(options: SiteMachineOptions) {
    const { timeline, behaviourOf } = options
    this.name = options.name
    this.#options = options
    const random = seededRandom(options.seed)
    this.#random = random
    this.disk = createMachineDisk({ timeline, random })
    this.processes = createMachineProcesses({ timeline, random, behaviourOf })
  }

  get isRunning(): boolean {
    return this.#life?.isOver === false
  }

  /** Starts the agent, for which the device's key was made in the factory. */
  start(): void {
    if (this.isRunning) return
    const life = createLife()
    this.#life = life
    this.boots += 1
    this.#run(life).then(
      () => this.#options.onBug(new Error(`The agent of ${this.name} ended by itself.`)),
      (error: unknown) => this.#ended(life, toError(error)),
    )
  }

  /** The agent is killed. The kernel closes its connections; what it started goes on. */
  killAgent(): void {
    this.#life?.end()
    for (const wire of this.#wires) wire.end('device', 'the process ended')
    this.#wires.clear()
  }

  /** The power goes: nobody is told, nothing goes on, and the disk forgets what was not synced. */
  losePower(): void {
    this.#life?.end()
    for (const wire of this.#wires) wire.vanish('device')
    this.#wires.clear()
    this.processes.losePower()
    this.disk.losePower()
  }

  /** What the agent says at the site; undefined while it does not run. */
  async status(): Promise<LocalStatus | undefined> {
    const answer = await this.#network.ask('GET', '/v1/status')
    return answer?.body as LocalStatus | undefined
  }

  /** An agent that cannot read its disk ends, and its service is started again; any other end is a bug. */
  #ended(life: Life, error: Error): void {
    if (!(error instanceof DiskError)) return this.#options.onBug(error)
    if (life === this.#life) this.killAgent()
    this.#options.timeline.after(serviceRestartMs, () => this.start())
  }

  async #run(life: Life): Promise<void> {
    const host = this.#hostOf(life)
    await host.disk.mkdir(data)
    const state = await openAgentState(host.disk, data, silentLog)
    const kept = await state.key.read()
    if (kept === undefined)
      await state.key.write({ key: `key of ${this.name}`, request: signingRequestOf(this.name) })
    const { join, heartbeatMs, name } = this.#options
    const config: AgentConfig = {
      data,
      hub: 'https://hub:7443',
      join,
      site: name,
      modelServer: ['serve'],
      heartbeatMs,
    }
    await runAgent(host, config, new AbortController().signal)
  }

  #hostOf(life: Life): Host {
    const { timeline, trace, startMs, name, hub, log } = this.#options
    const { wall, weather } = this
    const random = this.#random
    const device = createDeviceNetwork({
      timeline,
      random,
      trace,
      weather,
      name,
      life,
      hub,
      wires: this.#wires,
    })
    return {
      clock: createProcessClock({ timeline, startMs, wall, life }),
      random,
      log: log.with({ site: name }),
      disk: this.disk.open(life),
      processes: this.processes.open(life),
      network: this.#network.open(life, device),
      machine: { architecture: 'x64', memoryBytes: 2 ** 30, hostname: name },
    }
  }
}
