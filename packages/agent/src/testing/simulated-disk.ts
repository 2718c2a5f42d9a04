import type { Random } from '@skerry/base/random'
import { seededRandom } from '@skerry/base/random'
import { type Disk, DiskError, type DiskFile } from '../host.ts'

/**
 * A disk in memory that keeps only what was promised. At a power cut each sector that was written
 * since the last sync of its file, and each name that was made, changed or removed since the last
 * sync of its directory, may be there or not, each on its own and in any order.
 */
export type SimulatedDisk = Disk & {
  /** How many operations have been done. */
  readonly operations: number
  /** The power goes out before this operation: it and all after it throw `PowerCut`, or never end. */
  cutPowerAt(operation: number, how?: 'throw' | 'silence'): void
  /** What may be found after the power comes back. */
  afterPowerCut(seed: number, options?: SimulatedDiskOptions): SimulatedDisk
  /** Damages one byte of a file, as an ageing disk does. */
  decay(path: string, offset: number): void
}

export class PowerCut extends Error {
  constructor() {
    super('The power is gone')
    this.name = 'PowerCut'
  }
}

export type SimulatedDiskOptions = {
  /** A disk that lies: proves that a check would notice a missing sync. */
  readonly ignores?: 'sync' | 'syncDirectory' | undefined
  readonly capacityBytes?: number | undefined
}

const sectorBytes = 512

type Inode = {
  bytes: Uint8Array
  durable: Uint8Array
  /** Sectors that changed since the last sync. */
  readonly dirty: Set<number>
}
/** A name changes to another file, a directory, or nothing. */
type Entry = Inode | 'directory' | undefined
type NameChange = { readonly entries: readonly (readonly [path: string, entry: Entry])[] }

type Platter = {
  names: Map<string, Entry>
  durableNames: Map<string, Entry>
  pending: Map<string, NameChange[]>
}

export function createSimulatedDisk(
  options: SimulatedDiskOptions = {},
  found: ReadonlyMap<string, Entry> = new Map([['', 'directory']]),
): SimulatedDisk {
  const platter: Platter = {
    names: new Map(found),
    durableNames: new Map(found),
    pending: new Map(),
  }
  let operations = 0
  let cutAt = Infinity
  let isSilent = false
  const tick = async (): Promise<void> => {
    await Promise.resolve()
    if (operations >= cutAt)
      await (isSilent ? new Promise(() => {}) : Promise.reject(new PowerCut()))
    operations += 1
  }
  const disk: SimulatedDisk = {
    ...reading(platter, tick),
    ...naming(platter, { tick, options }),
    free: async () => (options.capacityBytes ?? Infinity) - usedBytes(platter),
    get operations() {
      return operations
    },
    cutPowerAt(operation, how = 'throw') {
      cutAt = operation
      isSilent = how === 'silence'
    },
    afterPowerCut: (seed, next = { capacityBytes: options.capacityBytes }) =>
      createSimulatedDisk(next, survivors(platter, seed)),
    decay(path, offset) {
      const { bytes } = fileAt(platter, path)
      bytes[offset % bytes.length]! ^= 0x40
    },
  }
  return disk
}

function reading(
  platter: Platter,
  tick: () => Promise<void>,
): Pick<Disk, 'read' | 'list' | 'size'> {
  const find = (path: string): Inode | undefined => {
    const entry = platter.names.get(path)
    return entry === 'directory' ? undefined : entry
  }
  return {
    async read(path) {
      await tick()
      return find(path)?.bytes.slice()
    },
    async list(path) {
      await tick()
      return [...platter.names.keys()]
        .filter((name) => name !== '' && parentOf(name) === path)
        .map((name) => name.slice(path.length + 1))
        .toSorted()
    },
    async size(path) {
      await tick()
      return find(path)?.bytes.length
    },
  }
}

type FileContext = {
  readonly tick: () => Promise<void>
  readonly options: SimulatedDiskOptions
}

/** Names are made, changed and removed; `syncDirectory` makes that last. */
function naming(
  platter: Platter,
  { tick, options }: FileContext,
): Pick<Disk, 'mkdir' | 'open' | 'remove' | 'rename' | 'syncDirectory'> {
  const change = (entries: NameChange['entries']): void => {
    applyNames(platter.names, entries)
    const directory = parentOf(entries[0]![0])
    platter.pending.set(directory, [...(platter.pending.get(directory) ?? []), { entries }])
  }
  return {
    async mkdir(path) {
      await tick()
      assertDirectory(platter, parentOf(path))
      if (platter.names.get(path) !== 'directory') change([[path, 'directory']])
    },
    async open(path, how) {
      await tick()
      assertDirectory(platter, parentOf(path))
      if (how === 'create')
        change([[path, { bytes: new Uint8Array(), durable: new Uint8Array(), dirty: new Set() }]])
      return openFile(platter, fileAt(platter, path), { tick, options })
    },
    async remove(path) {
      await tick()
      if (platter.names.has(path)) change([[path, undefined]])
    },
    async rename(from, to) {
      await tick()
      const file = fileAt(platter, from)
      assertDirectory(platter, parentOf(to))
      change([
        [to, file],
        [from, undefined],
      ])
    },
    async syncDirectory(name) {
      await tick()
      const path = name === '/' ? '' : name
      assertDirectory(platter, path)
      if (options.ignores === 'syncDirectory') return
      for (const { entries } of platter.pending.get(path) ?? [])
        applyNames(platter.durableNames, entries)
      platter.pending.delete(path)
    },
  }
}

function openFile(platter: Platter, inode: Inode, { tick, options }: FileContext): DiskFile {
  return {
    async pwrite(bytes, offset) {
      await tick()
      const end = offset + bytes.length
      const grown = Math.max(0, end - inode.bytes.length)
      if (usedBytes(platter) + grown > (options.capacityBytes ?? Infinity))
        throw new DiskError('Full', 'the disk is full: make room')
      const next = new Uint8Array(Math.max(inode.bytes.length, end))
      next.set(inode.bytes)
      next.set(bytes, offset)
      inode.bytes = next
      for (let at = Math.floor(offset / sectorBytes); at * sectorBytes < end; at += 1)
        inode.dirty.add(at)
    },
    async pread(length, offset) {
      await tick()
      return inode.bytes.slice(offset, offset + length)
    },
    async sync() {
      await tick()
      if (options.ignores === 'sync') return
      inode.durable = inode.bytes.slice()
      inode.dirty.clear()
    },
    async [Symbol.asyncDispose]() {},
  }
}

function survivors(platter: Platter, seed: number): Map<string, Entry> {
  const random = seededRandom(seed)
  const names = new Map(platter.durableNames)
  for (const changes of platter.pending.values())
    for (const { entries } of changes) if (random.next() < 0.5) applyNames(names, entries)
  const settled = new Map<Inode, Inode>()
  const result = new Map<string, Entry>()
  for (const [path, entry] of names) {
    if (!isReachable(names, path)) continue
    if (entry === 'directory' || entry === undefined) result.set(path, entry)
    else {
      const inode = settled.get(entry) ?? settle(entry, random)
      settled.set(entry, inode)
      result.set(path, inode)
    }
  }
  return result
}

/** The file as found: what was synced, and any of the sectors written since. */
function settle(inode: Inode, random: Random): Inode {
  const kept = [...inode.dirty].filter(() => random.next() < 0.5)
  const lengths = kept.map((sector) => Math.min((sector + 1) * sectorBytes, inode.bytes.length))
  const bytes = new Uint8Array(Math.max(inode.durable.length, ...lengths))
  bytes.set(inode.durable)
  for (const sector of kept) {
    const start = sector * sectorBytes
    bytes.set(inode.bytes.subarray(start, start + sectorBytes), start)
  }
  return { bytes, durable: bytes.slice(), dirty: new Set() }
}

function isReachable(names: ReadonlyMap<string, Entry>, path: string): boolean {
  for (let at = path; at !== ''; at = parentOf(at))
    if (names.get(parentOf(at)) !== 'directory') return false
  return true
}

function applyNames(names: Map<string, Entry>, entries: NameChange['entries']): void {
  for (const [path, entry] of entries) {
    if (entry === undefined) names.delete(path)
    else names.set(path, entry)
  }
}

function fileAt(platter: Platter, path: string): Inode {
  const entry = platter.names.get(path)
  if (entry === undefined || entry === 'directory')
    throw new DiskError('Broken', `there is no file ${path}`)
  return entry
}

function assertDirectory(platter: Platter, path: string): void {
  if (platter.names.get(path) !== 'directory')
    throw new DiskError('Broken', `there is no directory ${path}`)
}

function usedBytes(platter: Platter): number {
  let total = 0
  for (const entry of platter.names.values())
    if (typeof entry === 'object') total += entry.bytes.length
  return total
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
