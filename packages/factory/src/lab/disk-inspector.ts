import { createHash } from 'node:crypto'
import { espPaths, partitionLabels, verityBlockBytes } from '@skerry/api/os/os-layout'
import { type DiskView, openDiskFile, pageBytes, partOf } from './disk-view.ts'
import { type FatFile, fileContentName, findFile, listDirectory, readFatFile } from './fat-files.ts'
import { fatHealth } from './fat-health.ts'
import { type FatVolume, openFat } from './fat-volume.ts'
import { describeExt4 } from './ext4-superblock.ts'
import type { InspectedDisk, InspectedEntry, InspectedSlot } from './inspected-disk.ts'
import type { KnownImage } from './known-image.ts'
import { diskLimits } from './limits.ts'
import { type LoaderFields, loaderFieldsOf } from './loader-fields.ts'
import { isSeenByLoader, readCounter, sortEntries } from './loader-order.ts'
import { type Partition, type PartitionTableResult, readPartitionTable } from './partition-table.ts'

/** Where the firmware looks for a loader, and where an installed one may be named. */
const loaderPaths = ['EFI/BOOT/BOOTX64.EFI', 'EFI/systemd/systemd-bootx64.efi'] as const

/** Header and entries of a partition table with 128 places. */
const tableBytes = 34 * 512

type Slot = { readonly name: string; readonly view: DiskView }
type FoundFile = { readonly digest: string; readonly fields: LoaderFields | undefined }

/**
 * Answers what the next boot would find on a disk. Remembers what it has compared under the names of the
 * contents, so that of thousands of states only what changed is read.
 */
export class DiskInspector implements Disposable {
  #images: readonly KnownImage[]
  #truths = new Map<string, DiskView & Disposable>()
  #loaderDigests: ReadonlyMap<string, string>
  #table: { readonly name: string; readonly result: PartitionTableResult } | undefined
  #files = new Map<string, FoundFile>()
  #matches = new Map<string, boolean>()

  /** `base` is a disk that is known to be good: its loaders are what they must stay. */
  constructor(images: readonly KnownImage[], base: DiskView) {
    this.#images = images
    for (const { imageId, slotFile } of images) this.#truths.set(imageId, openDiskFile(slotFile))
    const table = readPartitionTable(base)
    const esp = table.ok ? espOf(base, table.partitions) : undefined
    this.#loaderDigests = new Map(esp?.ok ? this.#loadersOf(esp.volume) : [])
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
    const directory = findFile(esp.volume, espPaths.entries)
    const files =
      directory === undefined || !directory.isDirectory
        ? []
        : listDirectory(esp.volume, directory).files.filter((file) => !file.isDirectory)
    const found = new Map(this.#loadersOf(esp.volume))
    return {
      isTableFromBackup: table.isFromBackup,
      // Walking the tree costs more than the rest, and most states are only asked whether they boot.
      get health() {
        return fatHealth(esp.volume)
      },
      brokenLoaders: [...this.#loaderDigests]
        .filter(([path, digest]) => found.get(path) !== digest)
        .map(([path]) => path),
      entries: sortEntries(files.flatMap((file) => this.#entriesOf(esp.volume, file, slots))),
      leftovers: files.map(({ name }) => name).filter((name) => !isSeenByLoader(name)),
      slots: slots.map((slot) => this.#slotOf(slot)),
      data: dataOf(disk, table.partitions),
    }
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

  #loadersOf(volume: FatVolume): [string, string][] {
    return loaderPaths.flatMap((path) => {
      const file = findFile(volume, path)
      return file === undefined ? [] : [[path, this.#fileOf(volume, file).digest]]
    })
  }

  #fileOf(volume: FatVolume, file: FatFile): FoundFile {
    const name = fileContentName(volume, file)
    const isNamed = volume.view.contentName(0, 1) !== ''
    const known = isNamed ? this.#files.get(name) : undefined
    if (known !== undefined) return known
    const bytes = readFatFile(volume, file)
    const found = {
      digest: createHash('sha256').update(bytes).digest('hex'),
      fields: loaderFieldsOf((offset, length) => bytes.subarray(offset, offset + length)),
    }
    if (this.#files.size >= diskLimits.rememberedMax) this.#files.clear()
    if (isNamed) this.#files.set(name, found)
    return found
  }

  /** None: the loader does not see this file. */
  #entriesOf(volume: FatVolume, file: FatFile, slots: readonly Slot[]): InspectedEntry[] {
    if (!isSeenByLoader(file.name)) return []
    const { digest, fields } = this.#fileOf(volume, file)
    if (fields === undefined) return []
    const about = {
      fileName: file.name,
      ...fields,
      ...readCounter(file.name),
      sizeBytes: file.sizeBytes,
    }
    const image = this.#images.find(({ kernelDigest }) => kernelDigest === digest)
    if (image === undefined)
      return [{ ...about, problem: `is no kernel that is known (${file.sizeBytes} bytes)` }]
    const { imageId } = image
    const slot = slots.find(({ view }) => holdsSuperblock(view, image))
    if (slot === undefined) return [{ ...about, imageId, problem: 'no slot holds its image' }]
    const isWhole = this.#matchesImage(slot, image)
    const problem = isWhole ? undefined : `its image in ${slot.name} is not whole`
    return [{ ...about, imageId, slot: slot.name, problem }]
  }

  #slotOf(slot: Slot): InspectedSlot {
    const imageIds = this.#images
      .filter((image) => holdsSuperblock(slot.view, image))
      .map(({ imageId }) => imageId)
    return { name: slot.name, imageIds }
  }

  #matchesImage(slot: Slot, image: KnownImage): boolean {
    const truth = this.#truths.get(image.imageId)!
    if (slot.view.sizeBytes < truth.sizeBytes) return false
    for (let at = 0; at < truth.sizeBytes; at += pageBytes) {
      const length = Math.min(pageBytes, truth.sizeBytes - at)
      const content = slot.view.contentName(at, length)
      const name = `${slot.name} ${image.imageId} ${at} ${content}`
      const known = content === '' ? undefined : this.#matches.get(name)
      const isSame = known ?? slot.view.read(at, length).equals(truth.read(at, length))
      if (this.#matches.size >= diskLimits.rememberedMax) this.#matches.clear()
      if (content !== '') this.#matches.set(name, isSame)
      if (!isSame) return false
    }
    return true
  }

  [Symbol.dispose](): void {
    for (const truth of this.#truths.values()) truth[Symbol.dispose]()
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
