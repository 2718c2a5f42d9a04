import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { diskLimits } from './limits.ts'

/** One request of the guest, in the order in which the disk acknowledged them. */
export type LoggedWrite = {
  readonly kind: 'write' | 'discard' | 'flush'
  readonly firstSector: number
  readonly sectors: number
  /** Where the data lie in the log. */
  readonly position: number
  /** The disk said that this one is durable (forced unit access). */
  readonly isDurable: boolean
}

/** The writes that QEMU's blklogwrites filter recorded, in the format of Linux' dm-log-writes. */
export type WriteLog = Disposable & {
  readonly entries: readonly LoggedWrite[]
  read(position: number, length: number): Buffer
}

export const sectorBytes = 512
const magic = 0x6a736677736872n
const flags = { flush: 1, durable: 2, discard: 4, mark: 8 }

/** Reads the index; data stay in the file. Throws on what is not such a log. */
export function readWriteLog(file: string): WriteLog {
  const fd = openSync(file, 'r')
  try {
    const read = (position: number, length: number) => {
      const bytes = Buffer.alloc(length)
      const got = readSync(fd, bytes, 0, length, position)
      if (got < length) throw new Error(`${file}: ends at byte ${position + got}; the log is cut`)
      return bytes
    }
    const entries = readEntries(file, fstatSync(fd).size, read)
    return { entries, read, [Symbol.dispose]: () => closeSync(fd) }
  } catch (error) {
    closeSync(fd)
    throw error
  }
}

function readEntries(
  file: string,
  sizeBytes: number,
  read: (position: number, length: number) => Buffer,
): LoggedWrite[] {
  if (sizeBytes < sectorBytes) throw new Error(`${file}: ${sizeBytes} bytes are no write log`)
  const head = read(0, sectorBytes)
  if (head.readBigUInt64LE(0) !== magic) throw new Error(`${file}: is no write log (wrong magic)`)
  const count = Number(head.readBigUInt64LE(16))
  const blockBytes = head.readUInt32LE(24)
  if (blockBytes !== sectorBytes)
    throw new Error(`${file}: sectors of ${blockBytes} bytes; log with log-sector-size=512`)
  if (count > diskLimits.logEntriesMax)
    throw new Error(`${file}: ${count} entries; at most ${diskLimits.logEntriesMax}`)
  const entries: LoggedWrite[] = []
  let position = sectorBytes
  for (let index = 0; index < count; index++) {
    const entry = read(position, 32)
    position += sectorBytes
    const made = entriesOf(entry, position, `${file}: entry ${index}`)
    entries.push(...made)
    position +=
      made.reduce((sum, each) => sum + (each.kind === 'write' ? each.sectors : 0), 0) * sectorBytes
  }
  return entries
}

function entriesOf(entry: Buffer, position: number, where: string): LoggedWrite[] {
  const [firstSector, sectors, bits] = [0, 8, 16].map((at) =>
    Number(entry.readBigUInt64LE(at)),
  ) as [number, number, number]
  if (
    firstSector > Number.MAX_SAFE_INTEGER / sectorBytes ||
    sectors * sectorBytes > Number.MAX_SAFE_INTEGER
  )
    throw new Error(`${where}: sector ${firstSector} is on no disk`)
  const isDiscard = (bits & flags.discard) !== 0
  if (!isDiscard && sectors * sectorBytes > diskLimits.logEntryBytesMax)
    throw new Error(`${where}: ${sectors} sectors; at most ${diskLimits.logEntryBytesMax} bytes`)
  const isDurable = (bits & flags.durable) !== 0
  const data = { firstSector, sectors, position, isDurable }
  // A request with data that also flushes flushes what came before it.
  const flush = { kind: 'flush' as const, firstSector: 0, sectors: 0, position, isDurable: true }
  return [
    ...((bits & flags.flush) === 0 ? [] : [flush]),
    ...(sectors === 0
      ? []
      : [{ kind: isDiscard ? ('discard' as const) : ('write' as const), ...data }]),
  ]
}
