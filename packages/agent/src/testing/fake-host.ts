import { setImmediate } from 'node:timers/promises'
import type {
  EnrollRequest,
  EnrollResponse,
  StatusReport,
  TelemetryBatch,
} from '@skerry/api/device-protocol'
import type { Envelope } from '@skerry/api/envelope'
import { silentLog } from '@skerry/base/log'
import { seededRandom } from '@skerry/base/random'
import {
  type DeviceLink,
  type DeviceNetwork,
  LinkError,
  type LinkOptions,
} from '@skerry/client/device-link'
import { type SteppedClock, createSteppedClock } from '@skerry/testing/stepped-clock'
import { createBus } from '../bus.ts'
import {
  type ChildProcess,
  type Connection,
  type Host,
  type LocalHandler,
  PortError,
  type ProcessExit,
  type SpawnOptions,
} from '../host.ts'
import type { FakeImageMachine } from './fake-image-machine.ts'
import { type SimulatedDisk, createSimulatedDisk } from './simulated-disk.ts'

/** A machine in memory whose every hand the test holds. */
export type FakeHost = Host & {
  readonly image?: FakeImageMachine | undefined
  readonly disk: SimulatedDisk
  readonly clock: SteppedClock
  readonly hub: FakeHub
  readonly children: FakeChild[]
  readonly ports: Map<number, (connection: Connection) => void>
  /** Ports that somebody else holds. */
  readonly busyPorts: Set<number>
  /** Resident memory by process number. */
  readonly memory: Map<number, number>
  readonly local: { handler?: LocalHandler }
  /** Lets everything that can go on go on. */
  settle(): Promise<void>
  /** Moves the clock, waking in order whoever sleeps. */
  advance(ms: number): Promise<void>
}

export type FakeChild = {
  readonly options: SpawnOptions
  readonly sent: object[]
  readonly connections: Connection[]
  readonly signals: string[]
  isGone: boolean
  exit(exit: Partial<ProcessExit>): void
  say(message: object): void
}

/** A hub as a device sees it. */
export type FakeHub = {
  isUp: boolean
  isStreaming: boolean
  failure: LinkError | undefined
  enroll: (request: EnrollRequest) => EnrollResponse
  newest: Envelope | undefined
  blobs: Map<string, Uint8Array>
  readonly connects: LinkOptions[]
  readonly reports: StatusReport[]
  readonly batches: TelemetryBatch[]
  polls: number
  /** What the device said that it holds, each time it asked for specs. */
  readonly asked: (number | undefined)[]
  renewals: number
  trustedKeySet: Envelope | undefined
  push(envelope: Envelope): void
  drop(): void
}

const settleTurns = 25

async function settle(): Promise<void> {
  for (let turn = 0; turn < settleTurns; turn += 1) await setImmediate()
}

export type FakeHostOptions = {
  /** Makes it a machine whose operating system is an image. */
  readonly image?: (clock: SteppedClock) => FakeImageMachine
}

export function createFakeHost(
  disk: SimulatedDisk = createSimulatedDisk(),
  options: FakeHostOptions = {},
): FakeHost {
  const clock = createSteppedClock(Date.UTC(2026, 10, 21), settle)
  const children: FakeChild[] = []
  const ports = new Map<number, (connection: Connection) => void>()
  const local: { handler?: LocalHandler } = {}
  const busyPorts = new Set<number>()
  const memory = new Map<number, number>()
  const { hub, device } = createFakeHub()
  let nextPort = 40_000
  return {
    clock,
    random: seededRandom(7),
    log: silentLog,
    disk,
    hub,
    children,
    ports,
    busyPorts,
    memory,
    local,
    settle,
    advance: (ms) => clock.advance(ms),
    machine: { architecture: 'x64', memoryBytes: 2 ** 30, hostname: 'device' },
    image: options.image?.(clock),
    processes: {
      spawn: (options) => spawnFake(children, options),
      identityOf: async (pid) => (children[pid - 1]?.isGone === false ? `start ${pid}` : undefined),
      withEnvironment: async () => [],
      memoryBytes: async (pid) => memory.get(pid),
      signalProcess: () => {},
      signalGroup: (pid, signal) => void children[pid - 1]?.signals.push(signal),
    },
    network: {
      device,
      async listen(port, onConnection) {
        if (busyPorts.has(port)) throw new PortError(`port ${port} of 127.0.0.1 is in use: free it`)
        const bound = port === 0 ? nextPort++ : port
        ports.set(bound, onConnection)
        return { port: bound, [Symbol.asyncDispose]: async () => void ports.delete(bound) }
      },
      async serveLocal(_path, handler) {
        local.handler = handler
        return { [Symbol.asyncDispose]: async () => {} }
      },
      lockDirectory: async () => ({ [Symbol.asyncDispose]: async () => {} }),
    },
  }
}

function spawnFake(children: FakeChild[], options: SpawnOptions): ChildProcess {
  const end = Promise.withResolvers<ProcessExit>()
  const child: FakeChild = {
    options,
    sent: [],
    connections: [],
    signals: [],
    isGone: false,
    say: (message) => options.onMessage?.(message),
    exit(exit) {
      child.isGone = true
      end.resolve({ code: null, signal: null, ...exit })
    },
  }
  children.push(child)
  return {
    pid: children.length,
    exited: end.promise,
    signal(signal) {
      child.signals.push(signal)
      if (!child.isGone) child.exit({ signal })
    },
    send(message, connection) {
      if (child.isGone) return false
      child.sent.push(message)
      if (connection !== undefined) child.connections.push(connection)
      return true
    },
  }
}

function createFakeHub(): { readonly hub: FakeHub; readonly device: DeviceNetwork } {
  const pushed = createBus<Envelope | undefined>(undefined)
  let closing = Promise.withResolvers<Error>()
  const unreachable = () => new LinkError('Unreachable', 'nobody answers')
  const hub: FakeHub = {
    isUp: true,
    isStreaming: true,
    failure: undefined,
    enroll: () => ({ phase: 'Pending', message: 'a person must approve' }),
    newest: undefined,
    blobs: new Map(),
    connects: [],
    reports: [],
    batches: [],
    polls: 0,
    asked: [],
    renewals: 0,
    trustedKeySet: undefined,
    push(envelope) {
      hub.newest = envelope
      pushed.set(envelope)
    },
    drop() {
      hub.isUp = false
      closing.resolve(unreachable())
    },
  }
  const check = (): void => {
    if (!hub.isUp) throw unreachable()
    if (hub.failure !== undefined) throw hub.failure
  }
  const device: DeviceNetwork = {
    async enroll(_options, request) {
      if (!hub.isUp) throw unreachable()
      return hub.enroll(request)
    },
    async connect(options) {
      if (!hub.isUp) throw unreachable()
      hub.connects.push(options)
      closing = Promise.withResolvers<Error>()
      return createFakeLink(hub, check, { pushed, closed: closing.promise })
    },
  }
  return { hub, device }
}

type FakeWire = {
  readonly pushed: ReturnType<typeof createBus<Envelope | undefined>>
  readonly closed: Promise<Error>
}

function createFakeLink(hub: FakeHub, check: () => void, wire: FakeWire): DeviceLink {
  const { pushed, closed } = wire
  return {
    closed,
    traffic: () => ({ sentBytes: 0, receivedBytes: 0 }),
    [Symbol.asyncDispose]: async () => {},
    async *specs(known, signal) {
      check()
      hub.asked.push(known?.revision)
      if (!hub.isStreaming) throw new LinkError('Lost', 'the stream broke')
      if (hub.newest !== undefined) yield hub.newest
      for (let version = pushed.version; !signal.aborted; version = pushed.version) {
        await pushed.changed(version, signal).catch(() => {})
        if (!signal.aborted && hub.newest !== undefined) yield hub.newest
      }
    },
    async pollSpec() {
      check()
      hub.polls += 1
      return hub.newest
    },
    async reportStatus(report) {
      check()
      hub.reports.push(structuredClone(report))
    },
    async sendTelemetry(batch) {
      check()
      hub.batches.push(structuredClone(batch))
      return { acknowledged: batch.records.at(-1)?.sequence ?? 0 }
    },
    async renew() {
      if (!hub.isUp) throw unreachableLink()
      hub.renewals += 1
      hub.failure = undefined
      const { certificate, authority } = hub.connects.at(-1)!
      const { trustedKeySet } = hub
      const renewed = { certificate: `${certificate} renewed`, authority, trustedKeys: [] }
      return trustedKeySet === undefined ? renewed : { ...renewed, trustedKeySet }
    },
    async *fetchBlob(_repository, digest, start) {
      check()
      const bytes = hub.blobs.get(digest)
      if (bytes === undefined) throw new LinkError('Refused', `there is no blob ${digest}`)
      yield bytes.subarray(start)
    },
  }
}

function unreachableLink(): LinkError {
  return new LinkError('Unreachable', 'nobody answers')
}
