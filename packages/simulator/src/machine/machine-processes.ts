import type { ChildProcess, Processes, ProcessExit, SpawnOptions } from '@skerry/agent/host'
import type { FromModelServer, ToModelServer } from '@skerry/api/model-server-protocol'
import type { Random } from '@skerry/base/random'
import { exitMsMax, modelLoadMsMax, modelLoadMsMin } from '../limits.ts'
import type { Life } from '../time/life.ts'
import type { Timeline } from '../time/timeline.ts'
import type { ModelBehaviour } from './model-behaviour.ts'

/** A process on a machine. It may outlive the agent that started it, but not the power. */
export type MachineProcess = {
  readonly pid: number
  readonly options: SpawnOptions
  readonly identity: string
  /** How it goes, once it does. */
  exit: ProcessExit | undefined
}

export type MachineProcesses = {
  readonly running: ReadonlyMap<number, MachineProcess>
  /** The processes as one agent sees them. */
  open(life: Life): Processes
  /** A process crashes by itself. */
  crash(pid: number): void
  /** Everything is gone, and nobody is told. */
  losePower(): void
}

export type MachineProcessesOptions = {
  readonly timeline: Timeline
  readonly random: Random
  /** What a version of a model does. */
  readonly behaviourOf: (version: string) => ModelBehaviour
}

export function createMachineProcesses(options: MachineProcessesOptions): MachineProcesses {
  const { timeline, random } = options
  const running = new Map<number, MachineProcess>()
  const endings = new Map<number, (exit: ProcessExit) => void>()
  let nextPid = 100

  const end = (pid: number, exit: ProcessExit): void => {
    const process = running.get(pid)
    if (process === undefined) return
    running.delete(pid)
    process.exit = exit
    endings.get(pid)?.(exit)
    endings.delete(pid)
  }
  const signal = (pid: number, name: 'SIGTERM' | 'SIGKILL'): void => {
    if (!running.has(pid)) return
    const exit = { code: null, signal: name }
    const tookMs = name === 'SIGKILL' ? 1 : exitMsMax * random.next()
    timeline.after(tookMs, () => end(pid, exit))
  }
  const spawn = (life: Life, spawned: SpawnOptions): ChildProcess => {
    const pid = nextPid++
    const { promise, resolve } = Promise.withResolvers<ProcessExit>()
    const identity = `${pid} started at ${timeline.elapsedMs}`
    running.set(pid, { pid, options: spawned, identity, exit: undefined })
    endings.set(pid, life.hears(resolve))
    // Whose channel is closed from the other side has nobody to serve.
    if (spawned.hasChannel === true) life.onEnd(() => signal(pid, 'SIGTERM'))
    const say = life.hears((message: FromModelServer) => {
      if (running.has(pid)) spawned.onMessage?.(message)
    })
    const hear =
      spawned.hasChannel === true
        ? startModel(options, spawned, { say, exit: (exit) => end(pid, exit) })
        : () => {}
    return {
      pid,
      exited: promise,
      signal: (name) => signal(pid, name),
      send(message) {
        if (!running.has(pid)) return false
        timeline.after(0.1, () => {
          if (running.has(pid)) hear(message as ToModelServer)
        })
        return true
      },
    }
  }
  return {
    running,
    open: (life) => ({
      spawn: (spawned) => spawn(life, spawned),
      identityOf: async (pid) => running.get(pid)?.identity,
      withEnvironment: async (name, value) =>
        [...running.values()]
          .filter((each) => each.options.environment[name] === value)
          .map(({ pid }) => pid),
      memoryBytes: async (pid) => (running.has(pid) ? 20 * 2 ** 20 : undefined),
      signalProcess: signal,
      signalGroup: signal,
    }),
    crash: (pid) => end(pid, { code: 1, signal: null }),
    losePower() {
      running.clear()
      endings.clear()
    },
  }
}

type ModelDoors = {
  readonly say: (message: FromModelServer) => void
  readonly exit: (exit: ProcessExit) => void
}

/** The process of a model: loads, tests itself, and measures what it is asked. */
function startModel(
  { timeline, random, behaviourOf }: MachineProcessesOptions,
  { command }: SpawnOptions,
  { say, exit }: ModelDoors,
): (message: ToModelServer) => void {
  const version = command[command.indexOf('--version') + 1] ?? ''
  const behaviour = behaviourOf(version)
  const loadMs = modelLoadMsMin + (modelLoadMsMax - modelLoadMsMin) * random.next()
  let servingSinceMs = timeline.elapsedMs + loadMs
  timeline.after(loadMs, () => {
    if (behaviour.refusal === undefined)
      return say({ type: 'ready', signature: { inputs: [], outputs: [] }, selfTestMs: 1 })
    say({ type: 'refused', reason: 'SelfTestFailed', message: behaviour.refusal })
    exit({ code: 3, signal: null })
  })
  return (message) => {
    if (message.type === 'drain')
      return void timeline.after(exitMsMax * random.next(), () => exit({ code: 0, signal: null }))
    if (message.type !== 'collect') return
    const windowMs = Math.max(0, timeline.elapsedMs - servingSinceMs)
    servingSinceMs = timeline.elapsedMs
    say({ type: 'collected', id: message.id, window: behaviour.measure(windowMs, random) })
  }
}
