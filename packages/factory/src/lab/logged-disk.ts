import { seededRandom } from '@skerry/base/random'
import { type DiskView, checkRange, pageBytes } from './disk-view.ts'
import { type LoggedWrite, type WriteLog, sectorBytes } from './write-log.ts'

const sectorsPerPage = pageBytes / sectorBytes
/** Instead of a position in the log. */
const asInBase = -1
const zeroes = -2

/** Where the sectors of 1 MiB of the disk are: positions in the log. Never changed once it is made. */
type Page = { readonly id: number; readonly positions: Float64Array }

/**
 * The disk after some of the logged writes: a base and a table of what was written over it. A value: applying
 * a write gives another one, which shares all other pages. So thousands of states cost what was written.
 */
export class LoggedDisk implements DiskView {
  readonly sizeBytes: number
  #base: DiskView
  #log: WriteLog
  #pages: readonly (Page | undefined)[]
  #ids: { next: number }

  constructor(
    base: DiskView,
    log: WriteLog,
    from?: { pages: readonly (Page | undefined)[]; ids: { next: number } },
  ) {
    this.sizeBytes = base.sizeBytes
    this.#base = base
    this.#log = log
    this.#pages = from?.pages ?? []
    this.#ids = from?.ids ?? { next: 1 }
  }

  /** With this write; of a torn one only so many sectors arrived. */
  after(write: LoggedWrite, sectorsMax: number = write.sectors): LoggedDisk {
    const sectors = Math.min(write.sectors, sectorsMax)
    if (write.kind === 'flush' || sectors === 0) return this
    checkRange(this.sizeBytes, write.firstSector * sectorBytes, write.sectors * sectorBytes)
    const pages = [...this.#pages]
    const end = write.firstSector + sectors
    for (let sector = write.firstSector; sector < end;) {
      const index = Math.floor(sector / sectorsPerPage)
      const last = Math.min(end, (index + 1) * sectorsPerPage)
      const positions =
        pages[index]?.positions.slice() ?? new Float64Array(sectorsPerPage).fill(asInBase)
      for (; sector < last; sector++)
        positions[sector % sectorsPerPage] =
          write.kind === 'discard'
            ? zeroes
            : write.position + (sector - write.firstSector) * sectorBytes
      pages[index] = { id: this.#ids.next++, positions }
    }
    return new LoggedDisk(this.#base, this.#log, { pages, ids: this.#ids })
  }

  read(offset: number, length: number): Buffer {
    checkRange(this.sizeBytes, offset, length)
    const bytes = Buffer.alloc(length)
    for (let done = 0; done < length;) {
      const run = this.#run(offset + done, length - done)
      if (run.from !== 'zeroes') {
        const source = run.from === 'base' ? this.#base : this.#log
        source.read(run.position, run.length).copy(bytes, done)
      }
      done += run.length
    }
    return bytes
  }

  /** As many bytes from here on as lie together in one place. */
  #run(
    offset: number,
    lengthMax: number,
  ): { from: 'base' | 'log' | 'zeroes'; position: number; length: number } {
    const index = Math.floor(offset / pageBytes)
    const pageEnd = Math.min((index + 1) * pageBytes, offset + lengthMax)
    const page = this.#pages[index]
    if (page === undefined) return { from: 'base', position: offset, length: pageEnd - offset }
    const within = offset % sectorBytes
    const first = Math.floor((offset % pageBytes) / sectorBytes)
    const position = page.positions[first]!
    const step = position >= 0 ? sectorBytes : 0
    const sectorsMax = Math.ceil((pageEnd - (offset - within)) / sectorBytes)
    let sectors = 1
    while (sectors < sectorsMax && page.positions[first + sectors] === position + sectors * step)
      sectors++
    const length = Math.min(sectors * sectorBytes - within, pageEnd - offset)
    if (position >= 0) return { from: 'log', position: position + within, length }
    return { from: position === zeroes ? 'zeroes' : 'base', position: offset, length }
  }

  contentName(offset: number, length: number): string {
    const names: number[] = []
    const end = Math.ceil((offset + length) / pageBytes)
    for (let index = Math.floor(offset / pageBytes); index < end; index++)
      names.push(this.#pages[index]?.id ?? 0)
    return names.join(' ')
  }
}

export type PowerCut = {
  /** How many entries of the log had been acknowledged. */
  readonly entries: number
  /** Which of the writes since the last flush were lost or torn; without a seed none. */
  readonly loseSeed?: number | undefined
}

/** What the disk holds after a power cut. */
export function diskAfter(base: DiskView, log: WriteLog, cut: PowerCut): LoggedDisk {
  const done = log.entries.slice(0, cut.entries)
  const flushed = cut.loseSeed === undefined ? done.length : lastFlush(done) + 1
  let disk = new LoggedDisk(base, log)
  for (const write of done.slice(0, flushed)) disk = disk.after(write)
  return cut.loseSeed === undefined ? disk : loseSome(disk, done.slice(flushed), cut.loseSeed)
}

function lastFlush(entries: readonly LoggedWrite[]): number {
  return entries.findLastIndex(({ kind }) => kind === 'flush')
}

/** Writes that no flush made durable reach the disk in part: each whole, torn at a sector, or not at all. */
export function loseSome(disk: LoggedDisk, open: readonly LoggedWrite[], seed: number): LoggedDisk {
  const random = seededRandom(seed)
  // How much is lost differs from seed to seed: nearly all of it, nearly nothing, and between.
  const share = random.next()
  let result = disk
  for (const write of open) {
    const isLost = random.next() < share
    const isTorn = random.next() < 0.2
    const sectors = Math.floor(random.next() * write.sectors)
    if (write.isDurable || !isLost) result = result.after(write)
    else if (isTorn) result = result.after(write, sectors)
  }
  return result
}
