import type { TelemetryBatch, TelemetryRecord } from '@skerry/api/device-protocol'
import type { Log } from '@skerry/base/log'
import { type Disk, DiskError, type DiskFile } from '../host.ts'
import { batchBytesMax, batchRecordsMax, segmentBytesMax, spoolBytesMax } from '../limits.ts'
import { createInOrder } from '../state/in-order.ts'
import type { StateFile } from '../state/state-file.ts'
import { type SpoolEntry, parseSegment, toLine } from './segment-text.ts'

export type NewRecord = Omit<TelemetryRecord, 'sequence'>

/**
 * Measurements that wait for the link, on disk, oldest first, within a bound: past it the oldest
 * segment goes and its records are counted as dropped. What was acknowledged is forgotten; after a
 * restart part of a segment may be sent again, which the hub counts once.
 */
export type Spool = AsyncDisposable & {
  /** Resolves when the records outlive a power cut. Records that find no room count as dropped. */
  append(records: readonly NewRecord[]): Promise<void>
  /** The oldest records of one run of the agent, or undefined if none wait. */
  oldest(): Promise<TelemetryBatch | undefined>
  /** Forgets what of this batch was stored at the hub. Returns how many records that were. */
  acknowledge(batch: TelemetryBatch, acknowledged: number): Promise<number>
  depth(): { readonly records: number; readonly bytes: number; readonly dropped: number }
}

export type SpoolOptions = {
  readonly disk: Disk
  readonly directory: string
  readonly bootId: string
  readonly dropped: StateFile<number>
  readonly log: Log
  readonly bytesMax?: number
  readonly segmentBytesMax?: number
}

type Segment = { readonly name: string; bytes: number; records: number; sent: number }
type Active = { readonly segment: Segment; readonly file: DiskFile }

export async function openSpool(options: SpoolOptions): Promise<Spool> {
  const spool = new DiskSpool(options)
  await spool.load()
  return spool
}

class DiskSpool implements Spool {
  readonly #options: SpoolOptions
  readonly #inOrder = createInOrder()
  #segments: Segment[] = []
  #active: Active | undefined
  #nextSegment = 1
  #nextSequence = 1
  #dropped = 0

  constructor(options: SpoolOptions) {
    this.#options = options
  }

  async load(): Promise<void> {
    const { disk, directory } = this.#options
    this.#dropped = (await this.#options.dropped.read()) ?? 0
    for (const name of await disk.list(directory)) {
      if (!/^\d{12}\.seg$/.test(name)) continue
      this.#nextSegment = Number.parseInt(name, 10) + 1
      const entries = await this.#read(name)
      const bytes = (await disk.size(`${directory}/${name}`)) ?? 0
      if (entries.length === 0)
        await this.#orElse(undefined, () => disk.remove(`${directory}/${name}`))
      else this.#segments.push({ name, bytes, records: entries.length, sent: 0 })
    }
  }

  append(records: readonly NewRecord[]): Promise<void> {
    return this.#inOrder(async () => {
      if (records.length === 0) return
      const { bootId } = this.#options
      const lines = records.map((record) =>
        toLine({ bootId, record: { ...record, sequence: this.#nextSequence++ } }),
      )
      try {
        await this.#write(Buffer.from(lines.join('')), records.length)
      } catch (error) {
        if (!(error instanceof DiskError)) throw error
        this.#options.log.error('Measurements are lost', { error: error.message })
        await this.#closeActive()
        this.#dropped += records.length
      }
    })
  }

  oldest(): Promise<TelemetryBatch | undefined> {
    return this.#inOrder(async () => {
      const segment = this.#segments[0]
      if (segment === undefined) return undefined
      const entries = (await this.#read(segment.name)).slice(segment.sent)
      const first = entries[0]
      if (first === undefined) {
        await this.#forget(segment)
        return undefined
      }
      const records = takeBatch(entries, first.bootId)
      const dropped = this.#dropped === 0 ? {} : { dropped: this.#dropped }
      return { bootId: first.bootId, records, ...dropped }
    })
  }

  acknowledge(batch: TelemetryBatch, acknowledged: number): Promise<number> {
    return this.#inOrder(async () => {
      const stored = batch.records.filter((record) => record.sequence <= acknowledged).length
      const segment = this.#segments[0]
      const entries = segment === undefined ? [] : await this.#read(segment.name)
      const next = segment && entries[segment.sent]
      // The bound may have taken the segment while its records were on their way.
      if (
        segment === undefined ||
        next?.bootId !== batch.bootId ||
        next.record.sequence !== batch.records[0]?.sequence
      )
        return stored
      segment.sent += stored
      if (segment.sent >= segment.records) await this.#forget(segment)
      if (batch.dropped !== undefined) await this.#setDropped(this.#dropped - batch.dropped)
      return stored
    })
  }

  depth(): ReturnType<Spool['depth']> {
    return {
      records: this.#segments.reduce((sum, segment) => sum + segment.records - segment.sent, 0),
      bytes: this.#segments.reduce((sum, segment) => sum + segment.bytes, 0),
      dropped: this.#dropped,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#inOrder(() => this.#closeActive())
  }

  async #read(name: string): Promise<SpoolEntry[]> {
    const { disk, directory } = this.#options
    const bytes = await this.#orElse(undefined, () => disk.read(`${directory}/${name}`))
    return bytes === undefined ? [] : parseSegment(Buffer.from(bytes).toString('utf8'))
  }

  /** A disk that fails costs measurements, and never holds up what else is told to the hub. */
  async #orElse<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof DiskError)) throw error
      this.#options.log.error('The spool does not work', { error: error.message })
      return otherwise
    }
  }

  async #write(bytes: Uint8Array, records: number): Promise<void> {
    await this.#makeRoom(bytes.length)
    const { segment, file } = await this.#activeFor(bytes.length)
    await file.pwrite(bytes, segment.bytes)
    await file.sync()
    segment.bytes += bytes.length
    segment.records += records
  }

  async #activeFor(bytes: number): Promise<Active> {
    const { disk, directory } = this.#options
    const limit = this.#options.segmentBytesMax ?? segmentBytesMax
    if (this.#active !== undefined && this.#active.segment.bytes + bytes <= limit)
      return this.#active
    await this.#closeActive()
    const name = `${String(this.#nextSegment++).padStart(12, '0')}.seg`
    const file = await disk.open(`${directory}/${name}`, 'create')
    await disk.syncDirectory(directory)
    const segment: Segment = { name, bytes: 0, records: 0, sent: 0 }
    this.#segments.push(segment)
    this.#active = { segment, file }
    return this.#active
  }

  async #makeRoom(bytes: number): Promise<void> {
    const limit = this.#options.bytesMax ?? spoolBytesMax
    let lost = 0
    while (this.#segments.length > 0 && this.depth().bytes + bytes > limit) {
      const oldest = this.#segments[0]!
      lost += oldest.records - oldest.sent
      await this.#forget(oldest)
    }
    if (lost > 0) await this.#setDropped(this.#dropped + lost)
  }

  async #setDropped(dropped: number): Promise<void> {
    this.#dropped = Math.max(0, dropped)
    await this.#orElse(undefined, () => this.#options.dropped.write(this.#dropped))
  }

  async #forget(segment: Segment): Promise<void> {
    if (this.#active?.segment === segment) await this.#closeActive()
    this.#segments = this.#segments.filter((each) => each !== segment)
    const { disk, directory } = this.#options
    await this.#orElse(undefined, () => disk.remove(`${directory}/${segment.name}`))
  }

  async #closeActive(): Promise<void> {
    const active = this.#active
    this.#active = undefined
    await this.#orElse(undefined, async () => active?.file[Symbol.asyncDispose]())
    if (active?.segment.records === 0)
      this.#segments = this.#segments.filter((each) => each !== active.segment)
  }
}

function takeBatch(entries: readonly SpoolEntry[], bootId: string): TelemetryRecord[] {
  const records: TelemetryRecord[] = []
  let bytes = 0
  for (const entry of entries.slice(0, batchRecordsMax)) {
    if (entry.bootId !== bootId) break
    bytes += JSON.stringify(entry.record).length
    if (bytes > batchBytesMax && records.length > 0) break
    records.push(entry.record)
  }
  return records
}
