import {
  type Chain,
  type FatVolume,
  chainFrom,
  clusterOffset,
  readClusters,
  runsOf,
} from './fat-volume.ts'
import { diskLimits } from './limits.ts'

export type FatFile = {
  /** The long name, or the short one if there is none. */
  readonly name: string
  /** With slashes, from the root. */
  readonly path: string
  readonly isDirectory: boolean
  readonly firstCluster: number
  readonly sizeBytes: number
}

export type FatDirectory = {
  readonly files: readonly FatFile[]
  readonly problems: readonly string[]
}

const entryBytes = 32
const attributes = { volumeLabel: 0x08, directory: 0x10, longName: 0x0f } as const
const deleted = 0xe5

/** Files of a directory, in the order in which they lie there. Without `of`: of the root. */
export function listDirectory(volume: FatVolume, of?: FatFile): FatDirectory {
  const problems: string[] = []
  const bytes = directoryBytes(volume, of, problems)
  const files: FatFile[] = []
  let long: LongName | undefined
  for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
    const entry = bytes.subarray(at, at + entryBytes)
    if (entry[0] === 0) break
    if (entry[0] === deleted) {
      long = undefined
      continue
    }
    if ((entry[11]! & 0x3f) === attributes.longName) {
      long = addLongPart(long, entry)
      continue
    }
    const name = longNameFor(long, entry) ?? shortName(entry)
    long = undefined
    if ((entry[11]! & attributes.volumeLabel) !== 0 || name === '.' || name === '..') continue
    files.push(fileOf(volume, entry, name, of?.path ?? ''))
    if (files.length >= diskLimits.fatDirectoryEntriesMax) {
      problems.push(`${of?.path ?? '/'}: more than ${files.length} files`)
      break
    }
  }
  return { files, problems }
}

function directoryBytes(volume: FatVolume, of: FatFile | undefined, problems: string[]): Buffer {
  if (of === undefined && volume.kind !== 'fat32')
    return volume.view.read(volume.rootOffset, volume.rootBytes)
  const first = of?.firstCluster ?? volume.rootCluster
  const clustersMax = Math.ceil(diskLimits.fatDirectoryBytesMax / volume.clusterBytes)
  const chain = chainFrom(volume, first, clustersMax)
  const name = of?.path ?? '/'
  if (chain.problem !== undefined) problems.push(`${name}: its chain ${chain.problem}`)
  if (chain.clusters.length === 0) problems.push(`${name}: a directory without clusters`)
  return readClusters(volume, chain.clusters)
}

function fileOf(volume: FatVolume, entry: Buffer, name: string, parent: string): FatFile {
  const high = volume.kind === 'fat32' ? entry.readUInt16LE(20) & 0x0fff : 0
  return {
    name,
    path: `${parent}/${name}`,
    isDirectory: (entry[11]! & attributes.directory) !== 0,
    firstCluster: high * 0x10000 + entry.readUInt16LE(26),
    sizeBytes: entry.readUInt32LE(28),
  }
}

type LongName = { readonly checksum: number; readonly next: number; readonly text: string }

/** Parts of a long name lie before the short one, the last part first. */
function addLongPart(long: LongName | undefined, entry: Buffer): LongName | undefined {
  const order = entry[0]! & 0x3f
  const isFirst = (entry[0]! & 0x40) !== 0
  const checksum = entry[13]!
  if (order === 0 || order > 20) return undefined
  const text = [1, 14, 28]
    .map((at, index) => entry.toString('utf16le', at, at + [10, 12, 4][index]!))
    .join('')
    .replace(/\0.*$/s, '')
  if (isFirst) return { checksum, next: order - 1, text }
  if (long === undefined || long.next !== order || long.checksum !== checksum) return undefined
  return { checksum, next: order - 1, text: text + long.text }
}

function longNameFor(long: LongName | undefined, entry: Buffer): string | undefined {
  if (long === undefined || long.next !== 0 || long.text === '') return undefined
  let sum = 0
  for (const byte of entry.subarray(0, 11)) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff
  // One that does not belong to this short name was left behind by something else.
  return sum === long.checksum ? long.text : undefined
}

function shortName(entry: Buffer): string {
  const part = (from: number, to: number, isLower: boolean) => {
    const text = entry.toString('latin1', from, to).replace(/ +$/, '')
    return isLower ? text.toLowerCase() : text
  }
  const text = part(0, 8, (entry[12]! & 0x08) !== 0)
  // 0x05 stands for the character that would mark a deleted entry.
  const base = entry[0] === 0x05 ? `\u00E5${text.slice(1)}` : text
  const extension = part(8, 11, (entry[12]! & 0x10) !== 0)
  return extension === '' ? base : `${base}.${extension}`
}

/** The file at a path, names compared without regard to case. */
export function findFile(volume: FatVolume, path: string): FatFile | undefined {
  let at: FatFile | undefined
  for (const name of path.split('/').filter((part) => part !== '')) {
    if (at !== undefined && !at.isDirectory) return undefined
    const wanted = name.toLowerCase()
    at = listDirectory(volume, at).files.find((file) => file.name.toLowerCase() === wanted)
    if (at === undefined) return undefined
  }
  return at
}

/** The clusters that a file should have, and what is wrong with them. */
export function chainOf(volume: FatVolume, file: FatFile): Chain {
  const needed = Math.ceil(file.sizeBytes / volume.clusterBytes)
  const chain = chainFrom(volume, file.firstCluster, needed)
  if (chain.problem !== undefined || chain.clusters.length === needed) return chain
  const bytes = chain.clusters.length * volume.clusterBytes
  return { ...chain, problem: `has ${bytes} bytes of the ${file.sizeBytes} that it should have` }
}

/** As many bytes of a file as there are; shorter than its size when its chain is broken. */
export function readFatFile(
  volume: FatVolume,
  file: FatFile,
  bytesMax: number = file.sizeBytes,
): Buffer {
  const length = Math.min(file.sizeBytes, bytesMax, diskLimits.fatFileBytesMax)
  const chain = chainFrom(volume, file.firstCluster, Math.ceil(length / volume.clusterBytes))
  return readClusters(volume, chain.clusters).subarray(0, length)
}

/** Where a piece of a file lies on its volume. */
export type FilePiece = { readonly at: number; readonly offset: number; readonly length: number }

/** The pieces of a file, each in one place of the volume and not longer than told; what is missing is left out. */
export function piecesOf(volume: FatVolume, file: FatFile, lengthMax: number): FilePiece[] {
  const pieces: FilePiece[] = []
  let at = 0
  for (const { first, count } of runsOf(chainOf(volume, file).clusters)) {
    const runBytes = Math.min(count * volume.clusterBytes, file.sizeBytes - at)
    const start = clusterOffset(volume, first)
    for (let done = 0; done < runBytes; done += lengthMax) {
      const length = Math.min(lengthMax, runBytes - done)
      pieces.push({ at: at + done, offset: start + done, length })
    }
    at += runBytes
  }
  return pieces
}
