import type { Clock } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { Random } from '@skerry/base/random'
import type { DeviceNetwork } from '@skerry/client/device-link'
import type { ImageMachine } from './os/image-machine.ts'

/**
 * Everything through which the agent touches the machine. `real-host.ts` is the one that does;
 * tests and the simulator bring their own.
 */
export type Host = {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly disk: Disk
  readonly processes: Processes
  readonly network: HostNetwork
  readonly machine: {
    /** As Node.js calls it: x64, arm64. */
    readonly architecture: string
    readonly memoryBytes: number
    readonly hostname: string
  }
  /** Only where the operating system is an image that the agent upgrades. */
  readonly image?: ImageMachine | undefined
}

/**
 * A disk at the level at which power cuts happen. Nothing is durable before it is synced: the bytes
 * of a file by `sync` of the file, its name by `syncDirectory` of its directory.
 * Everything rejects with `DiskError` when the disk does not do what it is asked.
 */
export type Disk = {
  /** Makes one directory, mode 0700; one that is there is fine. Its parent is not synced. */
  mkdir(path: string): Promise<void>
  /** Opens for reading and writing, mode 0600; `create` makes it, and empties one that is there. */
  open(path: string, how: 'create' | 'existing'): Promise<DiskFile>
  /** The whole file, or undefined if there is none. */
  read(path: string): Promise<Uint8Array | undefined>
  /** Names in a directory, sorted; none if there is no such directory. */
  list(path: string): Promise<string[]>
  /** What is not there is gone already. */
  remove(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** Bytes of a file, or undefined if there is none. */
  size(path: string): Promise<number | undefined>
  /** Bytes that may still be written under this directory. */
  free(path: string): Promise<number>
}

export type DiskFile = AsyncDisposable & {
  pwrite(bytes: Uint8Array, offset: number): Promise<void>
  /** Up to `length` bytes; fewer only at the end. */
  pread(length: number, offset: number): Promise<Uint8Array>
  sync(): Promise<void>
}

export type DiskFailure = 'Full' | 'ReadOnly' | 'Denied' | 'Broken'

/** The disk did not do what it was asked; the content is not to blame. */
export class DiskError extends Error {
  readonly reason: DiskFailure

  constructor(reason: DiskFailure, message: string) {
    super(message)
    this.name = 'DiskError'
    this.reason = reason
  }
}

export type Processes = {
  /** Starts a process in a group of its own. A command that cannot start ends with `error` set. */
  spawn(options: SpawnOptions): ChildProcess
  /** What tells this process from a later one of the same number; undefined if there is none. */
  identityOf(pid: number): Promise<string | undefined>
  /** Processes whose environment carries this entry, the agent itself excepted. */
  withEnvironment(name: string, value: string): Promise<number[]>
  /** Signals one process; whoever is gone is gone. */
  signalProcess(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void
  /** Signals the group that this process leads, or led: a number may have been given anew. */
  signalGroup(pid: number, signal: 'SIGTERM' | 'SIGKILL'): void
  /** Resident memory, or undefined where the machine does not tell. */
  memoryBytes(pid: number): Promise<number | undefined>
}

export type SpawnOptions = {
  readonly command: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly directory: string
  readonly uid?: number | undefined
  /** Opens a channel for messages and connections. */
  readonly hasChannel?: boolean | undefined
  /** Called with each line that it writes, without its end. */
  readonly onLine: (line: string) => void
  readonly onMessage?: (message: unknown) => void
  /** Called with a connection that was sent to a process which ended before it took it. */
  readonly onReturn?: (connection: Connection) => void
}

export type ChildProcess = {
  /** Undefined if it could not start. */
  readonly pid: number | undefined
  readonly exited: Promise<ProcessExit>
  /** To the process and its group. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): void
  /** False when the channel is gone; then a connection stays with the caller. */
  send(message: object, connection?: Connection): boolean
}

export type ProcessExit = {
  readonly code: number | null
  readonly signal: string | null
  /** Why it could not start. */
  readonly error?: string | undefined
}

export type HostNetwork = {
  readonly device: DeviceNetwork
  /** Listens on 127.0.0.1; port 0: one that is free. Rejects with `PortError`. */
  listen(port: number, onConnection: (connection: Connection) => void): Promise<Listener>
  /** HTTP on a socket file, mode 0600. */
  serveLocal(path: string, handler: LocalHandler): Promise<AsyncDisposable>
  /** Holds a directory for this process alone; undefined when another holds it. Ends with the process. */
  lockDirectory(path: string): Promise<AsyncDisposable | undefined>
}

export type Listener = AsyncDisposable & { readonly port: number }

export class PortError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'PortError'
  }
}

/** A client's connection from which nothing has been read. */
export type Connection = {
  /** Sends these bytes and closes. */
  refuse(text: string): void
}

export type LocalRequest = {
  readonly method: string
  readonly path: string
  readonly body: Uint8Array
}
export type LocalResponse = { readonly code: number; readonly body: object }
export type LocalHandler = (request: LocalRequest) => Promise<LocalResponse>

/** How a process ended, as a sentence. */
export function describeExit(exit: ProcessExit): string {
  if (exit.error !== undefined) return `it could not be started: ${exit.error}`
  if (exit.signal !== null) return `it was ended by ${exit.signal}`
  return `it ended with exit code ${exit.code ?? 'unknown'}`
}
