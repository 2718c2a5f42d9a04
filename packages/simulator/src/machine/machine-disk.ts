import { type Disk, DiskError, type DiskFile } from '@skerry/agent/host'
import { type SimulatedDisk, createSimulatedDisk } from '@skerry/agent/testing/simulated-disk'
import type { Random } from '@skerry/base/random'
import type { Life } from '../time/life.ts'
import type { Timeline } from '../time/timeline.ts'
import { diskCapacityBytes, syncMsMax, syncMsMin } from '../limits.ts'

/** What is wrong with a disk just now. */
export type DiskFaults = {
  isFull: boolean
  isReadOnly: boolean
  /** Share of the reads that fail. */
  readFailures: number
}

/** The disk of a machine. It outlives what runs on the machine, and loses what was not synced with the power. */
export type MachineDisk = {
  readonly faults: DiskFaults
  /** The disk as one process uses it: what it waits for never comes once it is dead. */
  open(life: Life): Disk
  /** Calls before the so many-th operation from now, which then never ends. */
  breakAfter(operations: number, stop: () => void): void
  /** Calls `breakAfter` off. */
  spare(): void
  /** Each sector and each name that was not synced is there or not, by chance. */
  losePower(): void
}

export type MachineDiskOptions = { readonly timeline: Timeline; readonly random: Random }

export function createMachineDisk({ timeline, random }: MachineDiskOptions): MachineDisk {
  const capacity = { capacityBytes: diskCapacityBytes }
  const faults: DiskFaults = { isFull: false, isReadOnly: false, readFailures: 0 }
  let platter: SimulatedDisk = createSimulatedDisk(capacity)
  let breaking: { atOperation: number; readonly stop: () => void } | undefined
  let operations = 0

  const begin = (): Promise<void> => {
    operations += 1
    if (breaking === undefined || operations < breaking.atOperation) return Promise.resolve()
    const { stop } = breaking
    breaking = undefined
    timeline.after(0, stop)
    return new Promise(() => {})
  }
  const sync = (life: Life): Promise<void> =>
    new Promise((resolve) => {
      const tookMs = syncMsMin + (syncMsMax - syncMsMin) * random.next() ** 4
      timeline.after(tookMs, life.hears(resolve))
    })
  return {
    faults,
    open: (life) =>
      diskOf({ platter: () => platter, faults, random, begin, sync: () => sync(life) }),
    breakAfter(count, stop) {
      breaking = { atOperation: operations + Math.max(1, count), stop }
    },
    spare() {
      breaking = undefined
    },
    losePower() {
      breaking = undefined
      platter = platter.afterPowerCut(Math.floor(random.next() * 2 ** 32), capacity)
    },
  }
}

type Access = {
  readonly platter: () => SimulatedDisk
  readonly faults: DiskFaults
  readonly random: Random
  /** Counts an operation; does not end if the machine does not live to do it. */
  readonly begin: () => Promise<void>
  readonly sync: () => Promise<void>
}

function diskOf(access: Access): Disk {
  const { platter, begin, sync } = access
  const reading = async (): Promise<void> => {
    await begin()
    assertReadable(access)
  }
  const writing = async (): Promise<void> => {
    await begin()
    assertWritable(access)
  }
  return {
    mkdir: async (path) => {
      await begin()
      // What is there already is no write.
      if (access.faults.isReadOnly && (await platter().list(parentOf(path))).includes(nameOf(path)))
        return
      assertWritable(access)
      await platter().mkdir(path)
    },
    open: async (path, how) => {
      await (how === 'create' ? writing() : reading())
      return fileOf(access, await platter().open(path, how))
    },
    read: async (path) => {
      await reading()
      return platter().read(path)
    },
    list: async (path) => {
      await reading()
      return platter().list(path)
    },
    remove: async (path) => {
      await writing()
      await platter().remove(path)
    },
    rename: async (from, to) => {
      await writing()
      await platter().rename(from, to)
    },
    syncDirectory: async (path) => {
      await begin()
      await sync()
      await platter().syncDirectory(path)
    },
    size: async (path) => {
      await reading()
      return platter().size(path)
    },
    free: async (path) => {
      await begin()
      return access.faults.isFull ? 0 : platter().free(path)
    },
  }
}

function fileOf(access: Access, file: DiskFile): DiskFile {
  return {
    async pwrite(bytes, offset) {
      await access.begin()
      assertWritable(access)
      if (access.faults.isFull) throw new DiskError('Full', 'the disk is full: make room')
      await file.pwrite(bytes, offset)
    },
    async pread(length, offset) {
      await access.begin()
      assertReadable(access)
      return file.pread(length, offset)
    },
    async sync() {
      await access.begin()
      await access.sync()
      assertWritable(access)
      await file.sync()
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  }
}

function assertReadable({ faults, random }: Access): void {
  if (faults.readFailures > 0 && random.next() < faults.readFailures)
    throw new DiskError('Broken', 'the disk does not read: replace it')
}

function assertWritable({ faults }: Access): void {
  if (faults.isReadOnly) throw new DiskError('ReadOnly', 'the disk has become read-only')
}

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
const parentOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf('/')))
