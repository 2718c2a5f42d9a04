import { espPaths, partitionLabels, verityBlockBytes } from '@skerry/api/os/os-layout'
import { type DiskView, bytesView, openDiskFile, pageBytes, partOf } from './disk-view.ts'
import {
  type FatFile,
  type FilePiece,
  findFile,
  listDirectory,
  piecesOf,
  readFatFile,
} from './fat-files.ts'
import { type FatHealth, fatHealth } from './fat-health.ts'
import { type FatVolume, openFat } from './fat-volume.ts'
import { describeExt4 } from './ext4-superblock.ts'
import type { InspectedDisk, InspectedEntry, InspectedSlot } from './inspected-disk.ts'
import type { KnownImage } from './known-image.ts'
import { diskLimits } from './limits.ts'
import { type LoaderFields, loaderFieldsOf } from './loader-fields.ts'
import { isSeenByLoader, readCounter, sortEntries } from '@skerry/api/os/loader-order'
import { type Partition, type PartitionTableResult, readPartitionTable } from './partition-table.ts'

/** Where the firmware looks for a loader, and where an installed one may be named. */
const loaderPaths = ['EFI/BOOT/BOOTX64.EFI', 'EFI/systemd/systemd-bootx64.efi'] as const

/** Header and entries of a partition table with 128 places. */
const tableBytes = 34 * 512

type Slot = { readonly name: string; readonly view: DiskView }
/** The same bytes in two places of two disks, or not. */
type Truth = { readonly name: string; readonly view: DiskView }

/**
 * Answers what the next boot would find on a disk. Remembers what it has compared under the names of the
 * contents, so that of thousands of states only what changed is read.
 */
export class DiskInspector implements Disposable {
  #images: readonly { readonly image: KnownImage; readonly slot: Truth; readonly kernel: Truth }[]
  #open = new DisposableStack()
  #loaders: readonly { readonly path: string; readonly truth: Truth }[]
  #table: { readonly name: string; readonly result: PartitionTableResult } | undefined
  #health: { readonly name: string; readonly health: FatHealth } | undefined
  #comparisons = new Map<string, boolean>()
  #pieces = new Map<string, readonly FilePiece[]>()

  /** `base` is a disk that is known to be good: its loaders are what they must stay. */
  constructor(images: readonly KnownImage[], base: DiskView) {
    const truth = (kind: string, file: string) => ({
      name: `${kind} ${file}`,
      view: this.#open.use(openDiskFile(file)),
    })
    this.#images = images.map((image) => ({
      image,
      slot: truth('slot', image.slotFile),
      kernel: truth('kernel', image.kernelFile),
    }))
    const table = readPartitionTable(base)
    const esp = table.ok ? espOf(base, table.partitions) : undefined
    this.#loaders = loaderPaths.flatMap((path) => {
      const file = esp?.ok ? findFile(esp.volume, path) : undefined
      if (!esp?.ok || file === undefined) return []
      return [{ path, truth: { name: path, view: bytesView(readFatFile(esp.volume, file)) } }]
    })
  }

  inspect(disk: DiskView): InspectedDisk {
    const table = this.#tableOf(disk)
    if (!table.ok) return unusable(table.message)
    const slots = partitionLabels.slots.flatMap((name) => {
      const slot = table.partitions.find(({ label }) => label === name)
      return slot === undefined ? [] : [{ name, view: partOf(disk, slot.offset, slot.sizeBytes) }]
    })
    const esp = espOf(disk, table.partitions)
    if (!esp.ok) return unusable(`the ESP cannot be read: ${esp.message}`)
    const healthOf = () => this.#healthOf(esp.volume)
    const directory = findFile(esp.volume, espPaths.entries)
    const files =
      directory === undefined || !directory.isDirectory
        ? []
        : listDirectory(esp.volume, directory).files.filter((file) => !file.isDirectory)
    return {
      isTableFromBackup: table.isFromBackup,
      // Walking the tree costs more than the rest, and most states are only asked whether they boot.
      get health() {
        return healthOf()
      },
      brokenLoaders: this.#loaders
        .filter(({ path, truth }) => !this.#isFile(esp.volume, findFile(esp.volume, path), truth))
        .map(({ path }) => path),
      entries: sortEntries(files.flatMap((file) => this.#entriesOf(esp.volume, file, slots))),
      leftovers: files.map(({ name }) => name).filter((name) => !isSeenByLoader(name)),
      slots: slots.map((slot) => this.#slotOf(slot)),
      data: dataOf(disk, table.partitions),
    }
  }

  /** Most writes go elsewhere: the tree is walked again only when the ESP changed. */
  #healthOf(volume: FatVolume): FatHealth {
    const name = volume.view.contentName(0, volume.view.sizeBytes)
    if (name !== '' && name === this.#health?.name) return this.#health.health
    const health = fatHealth(volume)
    this.#health = { name, health }
    return health
  }

  /** The table is written when a disk is made and hardly ever again. */
  #tableOf(disk: DiskView): PartitionTableResult {
    const [first, last] = [disk.contentName(0, tableBytes), disk.contentName(disk.sizeBytes - 1, 1)]
    const name = `${first} ${last}`
    if (first !== '' && this.#table?.name === name) return this.#table.result
    const result = readPartitionTable(disk)
    this.#table = { name, result }
    return result
  }

  /** Whether the file is there and has these bytes. */
  #isFile(volume: FatVolume, file: FatFile | undefined, truth: Truth): boolean {
    if (file === undefined || file.sizeBytes !== truth.view.sizeBytes) return false
    const pieces = this.#piecesOf(volume, file)
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    return (
      bytes === file.sizeBytes &&
      pieces.every(({ at, offset, length }) =>
        this.#isSame(volume.view, offset, { truth, at, length }),
      )
    )
  }

  /** A kernel has 30,000 clusters of 512 bytes: its chain is followed again only when the table changed. */
  #piecesOf(volume: FatVolume, file: FatFile): readonly FilePiece[] {
    const table = volume.view.contentName(volume.tableOffset, volume.tableBytes)
    if (table === '') return piecesOf(volume, file, pageBytes)
    const name = `${file.firstCluster} ${file.sizeBytes} ${table}`
    const known = this.#pieces.get(name)
    if (known !== undefined) return known
    const pieces = piecesOf(volume, file, pageBytes)
    if (this.#pieces.size >= diskLimits.rememberedChainsMax) this.#pieces.clear()
    this.#pieces.set(name, pieces)
    return pieces
  }

  #isSame(
    view: DiskView,
    offset: number,
    { truth, at, length }: { truth: Truth; at: number; length: number },
  ): boolean {
    const content = view.contentName(offset, length)
    const name = `${truth.name} ${at} ${offset} ${length} ${content}`
    const known = content === '' ? undefined : this.#comparisons.get(name)
    if (known !== undefined) return known
    const isSame = view.read(offset, length).equals(truth.view.read(at, length))
    if (this.#comparisons.size >= diskLimits.rememberedMax) this.#comparisons.clear()
    if (content !== '') this.#comparisons.set(name, isSame)
    return isSame
  }

  /** None: the loader does not see this file. */
  #entriesOf(volume: FatVolume, file: FatFile, slots: readonly Slot[]): InspectedEntry[] {
    if (!isSeenByLoader(file.name)) return []
    const fields = this.#fieldsOf(volume, file)
    if (fields === undefined) return []
    const { name: fileName, sizeBytes } = file
    const about = { fileName, ...fields, ...readCounter(fileName), sizeBytes }
    const known = this.#images.find(({ kernel }) => this.#isFile(volume, file, kernel))
    if (known === undefined)
      return [{ ...about, problem: `is no kernel that is known (${sizeBytes} bytes)` }]
    const { imageId } = known.image
    const slot = slots.find(({ view }) => holdsSuperblock(view, known.image))
    if (slot === undefined) return [{ ...about, imageId, problem: 'no slot holds its image' }]
    const isWhole = this.#holdsImage(slot, known.slot)
    const problem = isWhole ? undefined : `its image in ${slot.name} is not whole`
    return [{ ...about, imageId, slot: slot.name, problem }]
  }

  #fieldsOf(volume: FatVolume, file: FatFile): LoaderFields | undefined {
    let bytes: Buffer = Buffer.alloc(0)
    return loaderFieldsOf((offset, length) => {
      if (bytes.length < offset + length) bytes = readFatFile(volume, file, offset + length)
      return bytes.subarray(offset, offset + length)
    })
  }

  #slotOf(slot: Slot): InspectedSlot {
    const imageIds = this.#images
      .filter(({ image }) => holdsSuperblock(slot.view, image))
      .map(({ image }) => image.imageId)
    return { name: slot.name, imageIds }
  }

  #holdsImage(slot: Slot, truth: Truth): boolean {
    if (slot.view.sizeBytes < truth.view.sizeBytes) return false
    const named = { ...truth, name: `${slot.name} ${truth.name}` }
    for (let at = 0; at < truth.view.sizeBytes; at += pageBytes) {
      const length = Math.min(pageBytes, truth.view.sizeBytes - at)
      if (!this.#isSame(slot.view, at, { truth: named, at, length })) return false
    }
    return true
  }

  [Symbol.dispose](): void {
    this.#open.dispose()
  }
}

function unusable(problem: string): InspectedDisk {
  const nothing = { brokenLoaders: [], entries: [], leftovers: [], slots: [] }
  return { problem, isTableFromBackup: false, data: 'unknown', ...nothing }
}

function espOf(disk: DiskView, partitions: readonly Partition[]): ReturnType<typeof openFat> {
  const esp = partitions.find(({ label }) => label === partitionLabels.esp)
  if (esp === undefined)
    return { ok: false, message: `no partition is called ${partitionLabels.esp}` }
  return openFat(partOf(disk, esp.offset, esp.sizeBytes))
}

/** As the initrd looks for it: magic, version 1, hash type 1, uuid. */
function holdsSuperblock(view: DiskView, image: KnownImage): boolean {
  if (image.rootBytes + verityBlockBytes > view.sizeBytes) return false
  const head = view.read(image.rootBytes, 32).toString('hex')
  return head === `76657269747900000100000001000000${image.imageId}`
}

function dataOf(disk: DiskView, partitions: readonly Partition[]): string {
  const data = partitions.find(({ label }) => label === partitionLabels.data)
  if (data === undefined) return 'no partition'
  return describeExt4(partOf(disk, data.offset, data.sizeBytes))
}
