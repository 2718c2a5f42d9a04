import { type DirectoryEntry, OsDiskError, type OsFile, type OsFiles } from '../upgrade/os-host.ts'
import type { Fate, Power } from './power.ts'

/**
 * Files that keep only what was synced. `Fat` is Linux' vfat: a new name has no size and no content on the
 * disk until its file is synced, and with that the name that it replaces goes, in one write.
 */
export type FilesKind = 'Ext4' | 'Fat'

export type SimulatedFiles = OsFiles & {
  /** What is there now, by path; directories are left out. */
  content(): ReadonlyMap<string, Uint8Array>
  /** Puts a file there as a firmware or an installer does: at once and for good. */
  put(path: string, bytes: Uint8Array | undefined): void
  putDirectory(path: string): void
  afterPowerCut(fate: Fate, power: Power): SimulatedFiles
}

export type FilesOptions = {
  readonly kind: FilesKind
  readonly capacityBytes: number
  /** A disk that lies: proves that a check would notice a missing sync. */
  readonly ignores?: 'sync' | 'syncDirectory' | undefined
}

const sectorBytes = 512

type Inode = { bytes: Buffer; durable: Buffer; readonly dirty: Set<number> }
type Node = Inode | 'directory'
/** Names that change together. A name that is new on FAT is empty until its file was synced. */
type Change = {
  readonly directory: string
  readonly from?: string | undefined
  readonly to?: string | undefined
  readonly node?: Node | undefined
}

type State = {
  readonly names: Map<string, Node>
  readonly durable: Map<string, Node>
  /** FAT: names on the disk whose size is not there yet. */
  readonly empty: Set<string>
  pending: Change[]
}

export function createSimulatedFiles(
  options: FilesOptions,
  power: Power,
  found: ReadonlyMap<string, Uint8Array | 'directory'> = new Map([['', 'directory']]),
): SimulatedFiles {
  const names = new Map<string, Node>()
  for (const [path, bytes] of found)
    names.set(path, bytes === 'directory' ? bytes : inodeOf(Buffer.from(bytes)))
  const state: State = { names, durable: new Map(names), empty: new Set(), pending: [] }
  return {
    ...reading(state, options, power),
    ...naming(state, options, power),
    content: () =>
      new Map(
        [...state.names].flatMap(([path, node]) =>
          node === 'directory' ? [] : [[path, node.bytes] as const],
        ),
      ),
    put(path, bytes) {
      const node = bytes === undefined ? undefined : inodeOf(Buffer.from(bytes))
      for (const map of [state.names, state.durable])
        if (node === undefined) map.delete(path)
        else map.set(path, node)
    },
    putDirectory(path) {
      for (const map of [state.names, state.durable]) map.set(path, 'directory')
    },
    afterPowerCut: (fate, next) =>
      createSimulatedFiles(options, next, survivors(state, options, fate)),
  }
}

const inodeOf = (bytes: Buffer): Inode => ({
  bytes,
  durable: Buffer.from(bytes),
  dirty: new Set(),
})

function reading(
  state: State,
  options: FilesOptions,
  power: Power,
): Pick<OsFiles, 'list' | 'free' | 'open'> {
  return {
    async list(path) {
      await power.look()
      return listOf(state.names, trim(path))
    },
    free: async () => options.capacityBytes - usedBytes(state),
    async open(path, how) {
      await (how === 'create' ? power.tick() : power.look())
      if (state.names.get(parentOf(path)) !== 'directory')
        throw new OsDiskError(`There is no directory ${parentOf(path)}.`)
      if (how === 'create') {
        const node: Inode = { bytes: Buffer.alloc(0), durable: Buffer.alloc(0), dirty: new Set() }
        change(state, { directory: parentOf(path), to: path, node })
      }
      const node = state.names.get(path)
      if (node === undefined || node === 'directory')
        throw new OsDiskError(`There is no file ${path}.`)
      return openFile({ state, options, power }, path, node)
    },
  }
}

function openFile(
  { state, options, power }: { state: State; options: FilesOptions; power: Power },
  path: string,
  node: Inode,
): OsFile {
  return {
    async write(offset, bytes) {
      await power.tick()
      const size = Math.max(node.bytes.length, offset + bytes.length)
      if (usedBytes(state) + size - node.bytes.length > options.capacityBytes)
        throw new OsDiskError(`${path}: the disk is full.`, true)
      const next = Buffer.alloc(size)
      next.set(node.bytes)
      next.set(bytes, offset)
      node.bytes = next
      const end = offset + bytes.length
      for (let at = Math.floor(offset / sectorBytes); at * sectorBytes < end; at += 1)
        node.dirty.add(at)
    },
    async read(offset, sizeBytes) {
      await power.look()
      return Buffer.from(node.bytes.subarray(offset, offset + sizeBytes))
    },
    async sync() {
      await power.tick()
      if (options.ignores === 'sync') return
      node.durable = Buffer.from(node.bytes)
      node.dirty.clear()
      if (options.kind === 'Ext4') return
      for (const each of state.pending.filter((pending) => pending.node === node))
        apply(state, each)
      state.pending = state.pending.filter((pending) => pending.node !== node)
      for (const [name, there] of state.durable) if (there === node) state.empty.delete(name)
    },
    async [Symbol.asyncDispose]() {},
  }
}

function naming(
  state: State,
  options: FilesOptions,
  power: Power,
): Pick<OsFiles, 'mkdir' | 'remove' | 'rename' | 'syncDirectory'> {
  return {
    async mkdir(path) {
      await power.tick()
      change(state, { directory: parentOf(path), to: path, node: 'directory' })
    },
    async remove(path) {
      await power.tick()
      if (state.names.has(path)) change(state, { directory: parentOf(path), from: path })
    },
    async rename(from, to) {
      await power.tick()
      const node = state.names.get(from)
      if (node === undefined) throw new OsDiskError(`There is no file ${from}.`)
      change(state, { directory: parentOf(to), from, to, node })
    },
    async syncDirectory(path) {
      await power.tick()
      if (options.ignores === 'syncDirectory') return
      const directory = trim(path)
      for (const each of state.pending.filter((pending) => pending.directory === directory)) {
        apply(state, each)
        if (isNewName(each) && options.kind === 'Fat') state.empty.add(each.to!)
      }
      state.pending = state.pending.filter((pending) => pending.directory !== directory)
    },
  }
}

const isNewName = ({ to, node }: Change): boolean =>
  to !== undefined && node !== undefined && node !== 'directory'

function change(state: State, each: Change): void {
  if (each.from !== undefined) state.names.delete(each.from)
  if (each.to !== undefined && each.node !== undefined) state.names.set(each.to, each.node)
  state.pending.push(each)
}

function apply({ durable, empty }: State, { from, to, node }: Change): void {
  if (from !== undefined) durable.delete(from)
  if (from !== undefined) empty.delete(from)
  if (to !== undefined && node !== undefined) durable.set(to, node)
  if (to !== undefined) empty.delete(to)
}

/** What the next start finds. */
function survivors(
  state: State,
  { kind }: FilesOptions,
  fate: Fate,
): Map<string, Uint8Array | 'directory'> {
  const left: State = {
    names: new Map(),
    durable: new Map(state.durable),
    empty: new Set(state.empty),
    pending: [],
  }
  for (const each of state.pending) {
    if (!fate.survives()) continue
    apply(left, each)
    if (kind === 'Fat' && isNewName(each) && !fate.survives()) left.empty.add(each.to!)
  }
  const found = new Map<string, Uint8Array | 'directory'>()
  const settled = new Map<Inode, Buffer>()
  for (const [path, node] of left.durable) {
    if (!isReachable(left.durable, path)) continue
    if (node === 'directory') found.set(path, node)
    else if (left.empty.has(path)) found.set(path, Buffer.alloc(0))
    else {
      // Two names of one file after a cut: the check of a FAT ends the second one.
      const isTwin = kind === 'Fat' && settled.has(node)
      const bytes = settled.get(node) ?? settle(node, fate)
      settled.set(node, bytes)
      found.set(path, isTwin ? Buffer.alloc(0) : bytes)
    }
  }
  return found
}

function settle({ bytes, durable, dirty }: Inode, fate: Fate): Buffer {
  const kept = [...dirty].filter(() => fate.survives())
  const ends = kept.map((sector) => Math.min((sector + 1) * sectorBytes, bytes.length))
  const found = Buffer.alloc(Math.max(durable.length, 0, ...ends))
  found.set(durable)
  for (const sector of kept) {
    const start = sector * sectorBytes
    found.set(bytes.subarray(start, start + sectorBytes), start)
  }
  return found
}

function isReachable(names: ReadonlyMap<string, Node>, path: string): boolean {
  for (let at = path; at !== ''; at = parentOf(at))
    if (names.get(parentOf(at)) !== 'directory') return false
  return true
}

function listOf(names: ReadonlyMap<string, Node>, folder: string): DirectoryEntry[] {
  const prefix = `${folder}/`
  return [...names]
    .filter(([path]) => path.startsWith(prefix) && !path.slice(prefix.length).includes('/'))
    .map(([path, node]) => ({
      name: path.slice(prefix.length),
      isDirectory: node === 'directory',
      sizeBytes: node === 'directory' ? 0 : node.bytes.length,
    }))
}

function usedBytes({ names }: State): number {
  let total = 0
  for (const node of new Set(names.values())) if (node !== 'directory') total += node.bytes.length
  return total
}

const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('/')))
const trim = (path: string): string => (path === '/' ? '' : path)
