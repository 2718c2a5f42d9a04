import type { OsOutcome } from '@skerry/api/os/os-report'
import type { Clock } from '@skerry/base/clock'
import type {
  InstallRequest,
  OsActResult,
  OsMachine,
  OsRefusal,
  OsState,
  SwitchIntent,
} from '@skerry/node-os/upgrade/os-machine'
import type { ImageMachine, ImageShelf } from '../os/image-machine.ts'
import { createPulse } from '../os/pulse.ts'

type FakeImage = { readonly imageId: string; readonly version: string; readonly digest: string }

/** What outlives a restart of a machine in memory. */
export type FakeOsDisk = {
  running: FakeImage
  isOnTrial: boolean
  /** What runs if the one on trial is given up. */
  fallback: FakeImage
  staged: FakeImage[]
  switched: FakeImage | undefined
  intent: OsState['intent']
  tried: OsState['tried']
  condemned: OsOutcome[]
  outcomes: OsOutcome[]
  boots: number
}

export type FakeImageMachine = ImageMachine & {
  readonly onDisk: FakeOsDisk
  /** What was done, in order. */
  readonly acts: string[]
  /** The next act of this name is refused. */
  readonly refuse: Map<string, [OsRefusal, string]>
  /** An installation waits for this before it goes on. */
  gate: Promise<void>
  /** What is not well, by name: network, service NAME, model PORT. */
  readonly ailing: Map<string, string>
  readonly shelves: ImageShelf[]
  /** What stands on its console. */
  readonly said: string[]
  /** How often its start was said not to count. */
  settles: number
  /** How often its slots were asked for. */
  examines: number
  /** What the next examinations find. */
  readonly suspected: OsOutcome[]
  /** Set when the machine went down. */
  isDown: boolean
}

export const fakeImage = (version: string): FakeImage => ({
  imageId: Buffer.from(version).toString('hex').padEnd(32, '0'),
  version,
  digest: `sha256:${Buffer.from(version).toString('hex').padEnd(64, '0')}`,
})

export function createFakeOsDisk(version: string): FakeOsDisk {
  const running = fakeImage(version)
  return {
    running,
    isOnTrial: false,
    fallback: running,
    staged: [],
    switched: undefined,
    intent: undefined,
    tried: undefined,
    condemned: [],
    outcomes: [],
    boots: 0,
  }
}

/** The machine after a start: the loader takes what was switched to, or what is left. */
export function bootFakeMachine(disk: FakeOsDisk, clock: Clock): FakeImageMachine {
  disk.boots += 1
  if (disk.switched !== undefined) {
    disk.fallback = disk.running
    disk.staged = [disk.running]
    disk.running = disk.switched
    disk.switched = undefined
    disk.isOnTrial = true
  } else if (disk.isOnTrial) {
    disk.staged = []
    disk.running = disk.fallback
    disk.isOnTrial = false
    disk.intent = undefined
  }
  const bootMs = clock.monotonicMs()
  const machine: FakeImageMachine = {
    onDisk: disk,
    acts: [],
    refuse: new Map(),
    gate: Promise.resolve(),
    ailing: new Map(),
    shelves: [],
    said: [],
    say: (line) => void machine.said.push(line),
    settles: 0,
    examines: 0,
    suspected: [],
    isDown: false,
    os: undefined as unknown as OsMachine,
    trustedKeys: [],
    checks: [],
    services: [],
    bootId: `boot ${disk.boots}`,
    uptimeMs: () => clock.monotonicMs() - bootMs,
    pulse: createPulse(clock),
    probes: {
      network: async () => machine.ailing.get('network'),
      service: async (name) => machine.ailing.get(`service ${name}`),
      model: async (port) => machine.ailing.get(`model ${port}`),
    },
  }
  return Object.assign(machine, { os: createFakeOs(machine, clock) })
}

function createFakeOs(machine: FakeImageMachine, clock: Clock): OsMachine {
  const { onDisk: disk } = machine
  const act = (name: string, what: string): OsActResult | undefined => {
    machine.acts.push(`${name} ${what}`.trimEnd())
    const refusal = machine.refuse.get(name)
    machine.refuse.delete(name)
    return refusal && { ok: false, reason: refusal[0], message: refusal[1] }
  }
  const outcome = (result: OsOutcome['result'], message: string): OsOutcome => ({
    time: new Date(clock.now()).toISOString(),
    result,
    evidence: result === 'FellBack' ? 'Gate' : 'None',
    ...disk.running,
    message,
  })
  return {
    observe: () => stateOf(disk, machine.bootId),
    install: async (request, signal) => {
      const refused = act('install', `${request.digest.slice(7, 11)} from ${request.source.name}`)
      if (refused !== undefined) return refused
      return bring(machine, request, signal)
    },
    async switchTo(imageId, intent: SwitchIntent) {
      const refused = act('switch', `${imageId.slice(0, 4)} ${intent.didHubAnswer}`)
      if (refused !== undefined) return refused
      const image = disk.staged.find((staged) => staged.imageId === imageId)
      disk.switched = image
      disk.intent = image && { ...intent, imageId }
      if (image !== undefined) {
        disk.tried = { imageId, digest: image.digest, attempt: intent.attempt }
        disk.condemned = disk.condemned.filter((each) => each.imageId !== imageId)
      }
      return { ok: true }
    },
    async bless() {
      const refused = act('bless', disk.running.imageId.slice(0, 4))
      if (refused !== undefined) return refused
      disk.isOnTrial = false
      disk.outcomes.unshift(outcome('Succeeded', 'it is well'))
      return { ok: true }
    },
    async condemn(message) {
      const refused = act('condemn', disk.running.imageId.slice(0, 4))
      if (refused !== undefined) return refused
      const against = outcome('FellBack', message)
      disk.condemned = [against]
      disk.outcomes.unshift(against)
      machine.isDown = true
      return { ok: true }
    },
    async settle() {
      machine.settles += 1
      return { ok: true }
    },
    async examine() {
      machine.examines += 1
      const found = machine.suspected.shift()
      if (found !== undefined) disk.outcomes.unshift(found)
      return { ok: true }
    },
    async restart() {
      const refused = act('restart', '')
      if (refused !== undefined) return refused
      machine.isDown = true
      return { ok: true }
    },
  }
}

async function bring(
  machine: FakeImageMachine,
  { source, digest, envelope, onProgress }: InstallRequest,
  signal: AbortSignal,
): Promise<OsActResult> {
  const described = JSON.parse(Buffer.from(envelope.payload, 'base64').toString()) as FakeImage & {
    readonly root: { readonly digest: string }
  }
  let bytes = 0
  try {
    for await (const chunk of source.open(described.root.digest, 0)) {
      bytes += chunk.length
      onProgress(Math.floor(bytes / 2), bytes)
    }
  } catch (error) {
    return { ok: false, reason: 'Source', message: String(error) }
  }
  const stopped = new Promise((resolve) => signal.addEventListener('abort', resolve))
  await Promise.race([machine.gate, stopped])
  if (signal.aborted) return { ok: false, reason: 'Stopped', message: 'it was stopped' }
  const { imageId, version } = described
  machine.onDisk.staged = [{ imageId, version, digest }]
  return { ok: true }
}

function stateOf(disk: FakeOsDisk, bootId: string): OsState {
  const { running, isOnTrial, intent, staged, switched, condemned, outcomes } = disk
  return {
    report: {
      ...running,
      slot: 'slot-a',
      bootId,
      bootTime: '2026-11-21T00:00:00Z',
      isBlessed: !isOnTrial,
      slots: [],
      outcomes: outcomes.slice(0, 10),
    },
    isOnTrial,
    intent: isOnTrial ? intent : undefined,
    staged,
    switched: switched?.imageId,
    condemned,
    ...(disk.tried === undefined ? {} : { tried: disk.tried }),
    known: [],
  }
}
