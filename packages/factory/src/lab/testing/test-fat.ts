import type { TestWrite } from './write-log-file.ts'

const sectorBytes = 512
const tableSectors = 64
const rootSectors = 32
const entryBytes = 32

type Place = { readonly directory: number; readonly index: number; readonly entries: number }
type TestFile = { readonly place: Place; name: string; cluster: number; sizeBytes: number }

/**
 * A FAT16 file system in memory that notes each sector that is written, in the order in which Linux' vfat
 * does: a new file appears in its directory with size 0 and no clusters, and gets both with its fsync.
 */
export class TestFat {
  readonly writes: TestWrite[] = []
  readonly bytes: Buffer
  #firstSector: number
  #files = new Map<string, TestFile>()
  #nextCluster = 2

  /** `firstSector`: where on the disk it lies. */
  constructor(bytes: Buffer, firstSector: number) {
    this.bytes = bytes
    this.#firstSector = firstSector
    const sectors = bytes.length / sectorBytes
    bytes.writeUInt16LE(sectorBytes, 11)
    bytes.writeUInt8(1, 13)
    bytes.writeUInt16LE(1, 14)
    bytes.writeUInt8(2, 16)
    bytes.writeUInt16LE((rootSectors * sectorBytes) / entryBytes, 17)
    bytes.writeUInt16LE(sectors, 19)
    bytes.writeUInt16LE(tableSectors, 22)
    bytes.writeUInt16LE(0xaa55, 510)
    this.#setLink(0, 0xfff8)
    this.#setLink(1, 0xffff)
    this.writes.length = 0
  }

  mkdir(path: string): void {
    this.#create(path, 0x10)
    const file = this.#files.get(path)!
    file.cluster = this.#allocate(4)
    this.#writeEntry(path, 0x10)
  }

  /** The name, with nothing in it yet. */
  create(path: string): void {
    this.#create(path, 0x20)
  }

  /** Data and table, as writeback brings them to the disk: without the entry that names them. */
  fill(path: string, content: Buffer): void {
    const file = this.#files.get(path)!
    const count = Math.ceil(content.length / sectorBytes)
    file.cluster = this.#allocate(count)
    file.sizeBytes = content.length
    const padded = Buffer.concat([content, Buffer.alloc(count * sectorBytes - content.length)])
    for (let at = 0; at < padded.length; at += 8 * sectorBytes)
      this.#write(
        this.#clusterSector(file.cluster) + at / sectorBytes,
        padded.subarray(at, at + 8 * sectorBytes),
      )
  }

  /** Size and clusters into the directory. */
  writeEntry(path: string): void {
    this.#writeEntry(path, 0x20)
  }

  /** One sector: the old name goes and the new one comes. `isEmpty`: as vfat writes it without the file's fsync. */
  rename(from: string, to: string, isEmpty = false): void {
    const file = this.#files.get(from)!
    this.#files.delete(from)
    file.name = to.slice(to.lastIndexOf('/') + 1)
    this.#files.set(to, file)
    const { cluster, sizeBytes } = file
    if (isEmpty) Object.assign(file, { cluster: 0, sizeBytes: 0 })
    this.#writeEntry(to, 0x20)
    Object.assign(file, { cluster, sizeBytes })
  }

  flush(): void {
    this.writes.push({ flush: true })
  }

  #create(path: string, attribute: number): void {
    const name = path.slice(path.lastIndexOf('/') + 1)
    const parent = this.#files.get(path.slice(0, Math.max(0, path.lastIndexOf('/'))))
    const directory = parent === undefined ? this.#rootSector : this.#clusterSector(parent.cluster)
    const siblings = [...this.#files.values()].filter(({ place }) => place.directory === directory)
    const index = siblings.reduce((sum, { place }) => sum + place.entries, 0)
    const entries = 1 + Math.ceil(name.length / 13)
    this.#files.set(path, {
      place: { directory, index, entries: Math.max(entries, 4) },
      name,
      cluster: 0,
      sizeBytes: 0,
    })
    this.#writeEntry(path, attribute)
  }

  #writeEntry(path: string, attribute: number): void {
    const { place, name, cluster, sizeBytes } = this.#files.get(path)!
    const at = place.directory * sectorBytes + place.index * entryBytes
    const entries = Buffer.alloc(place.entries * entryBytes)
    const short = Buffer.from(`F${`${place.index}`.padStart(7, '0')}EFI`, 'latin1')
    let sum = 0
    for (const byte of short) sum = (((sum & 1) << 7) + (sum >> 1) + byte) & 0xff
    const parts = Math.ceil(name.length / 13)
    // Entries that a shorter name does not need are marked as deleted.
    entries.fill(0xe5, 0, (place.entries - parts - 1) * entryBytes)
    for (let part = 0; part < parts; part++) {
      const entry = entries.subarray((place.entries - 2 - part) * entryBytes)
      const text = Buffer.alloc(26, 0xff)
      text.write(`${name}\0`.slice(part * 13, part * 13 + 13), 'utf16le')
      entry[0] = part + 1 + (part === parts - 1 ? 0x40 : 0)
      text.copy(entry, 1, 0, 10)
      entry[11] = 0x0f
      entry[13] = sum
      text.copy(entry, 14, 10, 22)
      text.copy(entry, 28, 22, 26)
    }
    const last = entries.subarray((place.entries - 1) * entryBytes)
    short.copy(last)
    last[11] = attribute
    last.writeUInt16LE(cluster, 26)
    last.writeUInt32LE(sizeBytes, 28)
    entries.copy(this.bytes, at)
    const first = Math.floor(at / sectorBytes)
    const end = Math.ceil((at + entries.length) / sectorBytes)
    this.#note(first, end - first)
  }

  #allocate(count: number): number {
    const first = this.#nextCluster
    this.#nextCluster += count
    for (let index = 0; index < count; index++)
      this.#setLink(first + index, index === count - 1 ? 0xffff : first + index + 1)
    const from = 1 + Math.floor((first * 2) / sectorBytes)
    const end = 1 + Math.ceil(((first + count) * 2) / sectorBytes)
    for (const copy of [0, tableSectors]) this.#note(from + copy, end - from)
    return first
  }

  #setLink(cluster: number, value: number): void {
    for (const copy of [0, tableSectors])
      this.bytes.writeUInt16LE(value, (1 + copy) * sectorBytes + cluster * 2)
  }

  get #rootSector(): number {
    return 1 + 2 * tableSectors
  }

  #clusterSector(cluster: number): number {
    return this.#rootSector + rootSectors + cluster - 2
  }

  #write(sector: number, data: Buffer): void {
    data.copy(this.bytes, sector * sectorBytes)
    this.#note(sector, data.length / sectorBytes)
  }

  #note(sector: number, count: number): void {
    const data = Buffer.from(
      this.bytes.subarray(sector * sectorBytes, (sector + count) * sectorBytes),
    )
    this.writes.push({ sector: this.#firstSector + sector, data })
  }
}
