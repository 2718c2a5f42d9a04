import type { SlotName } from '@skerry/api/os/os-layout'

/**
 * Everything through which an upgrade touches the machine. `real-os-host.ts` is the one that does; tests
 * bring a simulated machine that can be cut off at any write.
 */
export type OsHost = {
  /** As Node.js calls it. */
  readonly architecture: string
  readonly boot: BootFacts
  readonly slots: readonly SlotDevice[]
  readonly data: DataPlace
  /** Mounts the ESP for as long as `act` takes, checked and mended first. Everything is on disk after it. */
  withEsp<T>(act: (files: OsFiles) => Promise<T>): Promise<T>
  /** What is read after this comes from the disk. */
  dropCaches(): Promise<void>
  readonly panics: PanicStore
  /** Resolves, if ever, when the machine is on its way down. */
  restart(): Promise<void>
}

/** What does not change while the machine runs. */
export type BootFacts = {
  readonly bootId: string
  /** Of the machine, when this was read. */
  readonly uptimeSeconds: number
  readonly commandLine: string
  /** What the initrd says: a device such as vda2, or a label. */
  readonly runningSlot?: string | undefined
  readonly kernelVersion?: string | undefined
  readonly secureBoot?: boolean | undefined
  readonly loader?: string | undefined
  /** The firmware's variable `db`: whose signatures it takes. */
  readonly firmwareKeys?: Uint8Array | undefined
  /** Set if the watchdog says that it was the one that ended the boot before. */
  readonly wasResetByWatchdog?: boolean | undefined
}

export type SlotDevice = {
  readonly name: SlotName
  /** As the kernel calls it: vda2. */
  readonly device: string
  readonly sizeBytes: number
  open(): Promise<OpenSlot>
}

export type OpenSlot = AsyncDisposable & {
  /** Exactly as many bytes as were asked for. */
  read(offset: number, sizeBytes: number): Promise<Uint8Array>
  write(offset: number, bytes: Uint8Array): Promise<void>
  sync(): Promise<void>
}

/** Where the journal is kept. */
export type DataPlace = {
  readonly files: OsFiles
  readonly directory: string
  /** False: in memory, and gone at the next restart. */
  readonly isDurable: boolean
  /** What is wrong with it, as a sentence. */
  readonly problem?: string | undefined
}

export type PanicStore = {
  /** The kernel's last words, as it left them. */
  list(): Promise<readonly { readonly name: string; readonly bytes: Uint8Array }[]>
  remove(name: string): Promise<void>
}

/**
 * A file system at the level at which power cuts happen: bytes are durable by `sync` of the file, names by
 * `syncDirectory`. Everything rejects with `OsDiskError` when it does not do what it is asked.
 */
export type OsFiles = {
  mkdir(path: string): Promise<void>
  /** `create` makes it, and empties one that is there. */
  open(path: string, how: 'create' | 'existing'): Promise<OsFile>
  /** None if there is no such directory. */
  list(path: string): Promise<readonly DirectoryEntry[]>
  /** What is not there is gone already. */
  remove(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  syncDirectory(path: string): Promise<void>
  /** Bytes that may still be written. */
  free(): Promise<number>
}

export type DirectoryEntry = {
  readonly name: string
  readonly isDirectory: boolean
  readonly sizeBytes: number
}

export type OsFile = AsyncDisposable & {
  write(offset: number, bytes: Uint8Array): Promise<void>
  /** Fewer bytes only at the end. */
  read(offset: number, sizeBytes: number): Promise<Uint8Array>
  sync(): Promise<void>
}

/** A disk did not do what it was asked; no image is to blame. */
export class OsDiskError extends Error {
  readonly isFull: boolean

  constructor(message: string, isFull = false) {
    super(message)
    this.name = 'OsDiskError'
    this.isFull = isFull
  }
}
