import { type DiskView, partOf } from './disk-view.ts'
import { diskLimits } from './limits.ts'

/** What the first sector of a FAT file system says, and its table. */
export type FatVolume = {
  readonly view: DiskView
  readonly kind: 'fat12' | 'fat16' | 'fat32'
  readonly clusterBytes: number
  /** Clusters are numbered from 2 to `clusters` + 1. */
  readonly clusters: number
  readonly dataOffset: number
  /** FAT12 and FAT16 keep the root directory outside of the clusters. */
  readonly rootOffset: number
  readonly rootBytes: number
  /** FAT32 keeps it in these. */
  readonly rootCluster: number
  /** What the first copy of the table says of a cluster: 0 for a free one, else the next of its chain. */
  readonly next: (cluster: number) => number
  /** From here on a value in the table ends a chain. */
  readonly endOfChain: number
  readonly badCluster: number
  readonly tableOffset: number
  readonly tableBytes: number
  readonly copies: number
  /** The volume was mounted when the power went. */
  readonly isDirty: boolean
}

export type FatResult =
  | { readonly ok: true; readonly volume: FatVolume }
  | { readonly ok: false; readonly message: string }

/** Opens a FAT12, FAT16 or FAT32 file system. Whatever the bytes are, it answers and never throws. */
export function openFat(view: DiskView): FatResult {
  const bad = (message: string): FatResult => ({ ok: false, message: `no FAT: ${message}` })
  if (view.sizeBytes < 512) return bad('too small')
  const boot = view.read(0, 512)
  if (boot.readUInt16LE(510) !== 0xaa55) return bad('no signature')
  const sectorBytes = boot.readUInt16LE(11)
  const sectorsPerCluster = boot.readUInt8(13)
  if (![512, 1024, 2048, 4096].includes(sectorBytes)) return bad(`sectors of ${sectorBytes} bytes`)
  if (!isPowerOfTwo(sectorsPerCluster)) return bad(`clusters of ${sectorsPerCluster} sectors`)
  const reserved = boot.readUInt16LE(14)
  const copies = boot.readUInt8(16)
  if (reserved === 0 || copies === 0 || copies > 4) return bad(`${copies} tables`)
  const rootEntries = boot.readUInt16LE(17)
  const totalSectors = boot.readUInt16LE(19) || boot.readUInt32LE(32)
  const tableSectors = boot.readUInt16LE(22) || boot.readUInt32LE(36)
  const tableOffset = reserved * sectorBytes
  const tableBytes = tableSectors * sectorBytes
  const rootOffset = tableOffset + copies * tableBytes
  const rootBytes = Math.ceil((rootEntries * 32) / sectorBytes) * sectorBytes
  const dataOffset = rootOffset + rootBytes
  const clusterBytes = sectorsPerCluster * sectorBytes
  const clusters = Math.floor((totalSectors * sectorBytes - dataOffset) / clusterBytes)
  if (totalSectors * sectorBytes > view.sizeBytes) return bad('larger than its partition')
  if (clusters < 1 || clusters > diskLimits.fatClustersMax) return bad(`${clusters} clusters`)
  const kind = kindOf(clusters)
  if (tableBytes < neededTableBytes(kind, clusters)) return bad('its table is too short')
  const next = lazyTable(partOf(view, tableOffset, tableBytes), kind)
  const shape = { view, kind, clusterBytes, clusters, dataOffset, rootOffset, rootBytes }
  const place = { next, tableOffset, tableBytes, copies }
  const rootCluster = kind === 'fat32' ? boot.readUInt32LE(44) : 0
  return { ok: true, volume: { ...shape, ...place, ...marks(kind, boot), rootCluster } }
}

function kindOf(clusters: number): FatVolume['kind'] {
  if (clusters < 4085) return 'fat12'
  return clusters < 65_525 ? 'fat16' : 'fat32'
}

function neededTableBytes(kind: FatVolume['kind'], clusters: number): number {
  const bits = { fat12: 12, fat16: 16, fat32: 32 }[kind]
  return Math.ceil(((clusters + 2) * bits) / 8)
}

function marks(
  kind: FatVolume['kind'],
  boot: Buffer,
): Pick<FatVolume, 'endOfChain' | 'badCluster' | 'isDirty'> {
  // Linux keeps its bit "mounted" in the boot sector: byte 65 on FAT32, byte 37 on the others.
  const isDirty = (boot.readUInt8(kind === 'fat32' ? 65 : 37) & 1) !== 0
  const all = { fat12: 0xfff, fat16: 0xffff, fat32: 0x0fffffff }[kind]
  return { endOfChain: all - 7, badCluster: all - 8, isDirty }
}

/** A piece of the table: a multiple of what 2 clusters of FAT12 take, so that no place lies across two. */
const pieceBytes = 3 * 16 * 1024

/** Reads the table where it is asked for: most questions are about a few chains. */
function lazyTable(table: DiskView, kind: FatVolume['kind']): FatVolume['next'] {
  const pieces: (Buffer | undefined)[] = []
  const clustersPerPiece = (pieceBytes * 8) / { fat12: 12, fat16: 16, fat32: 32 }[kind]
  return (cluster) => {
    const index = Math.floor(cluster / clustersPerPiece)
    const start = index * pieceBytes
    pieces[index] ??= table.read(start, Math.min(pieceBytes, table.sizeBytes - start))
    const piece = pieces[index]
    const place = cluster - index * clustersPerPiece
    // The upper four bits of FAT32 are reserved.
    if (kind === 'fat32') return piece.readUInt32LE(place * 4) & 0x0fffffff
    if (kind === 'fat16') return piece.readUInt16LE(place * 2)
    const pair = piece.readUInt16LE(place + (place >> 1))
    return place % 2 === 0 ? pair & 0xfff : pair >> 4
  }
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && (value & (value - 1)) === 0
}

export type Chain = {
  readonly clusters: readonly number[]
  /** Why it does not end as a chain should. */
  readonly problem?: string
}

/** The clusters of a file or directory, in order; at most so many. */
export function chainFrom(volume: FatVolume, first: number, clustersMax: number): Chain {
  const clusters: number[] = []
  if (first === 0) return { clusters }
  for (let cluster = first; ; cluster = volume.next(cluster)) {
    if (cluster >= volume.endOfChain) return { clusters }
    if (cluster < 2 || cluster >= volume.clusters + 2)
      return { clusters, problem: cluster === 0 ? 'runs into a free cluster' : 'leaves the volume' }
    // A loop is found here too: no chain is longer than the volume.
    if (clusters.length >= Math.min(clustersMax, volume.clusters))
      return { clusters, problem: 'is longer than it should be, or runs in a circle' }
    clusters.push(cluster)
  }
}

export function clusterOffset(volume: FatVolume, cluster: number): number {
  return volume.dataOffset + (cluster - 2) * volume.clusterBytes
}

/** Bytes of some clusters, those that lie together read at once. */
export function readClusters(volume: FatVolume, clusters: readonly number[]): Buffer {
  const pieces: Buffer[] = []
  for (const { first, count } of runsOf(clusters))
    pieces.push(volume.view.read(clusterOffset(volume, first), count * volume.clusterBytes))
  return Buffer.concat(pieces)
}

/** Clusters as runs of neighbours. */
export function runsOf(clusters: readonly number[]): { first: number; count: number }[] {
  const runs: { first: number; count: number }[] = []
  for (const cluster of clusters) {
    const last = runs.at(-1)
    if (last !== undefined && last.first + last.count === cluster) last.count += 1
    else runs.push({ first: cluster, count: 1 })
  }
  return runs
}
