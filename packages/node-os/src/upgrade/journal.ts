import { createHash } from 'node:crypto'
import type { Log } from '@skerry/base/log'
import {
  journalBytesMax,
  journalLandmarksKept,
  journalRecordBytesMax,
  journalRecordsKept,
} from './limits.ts'
import { type DataPlace, OsDiskError } from './os-host.ts'
import { type OsRecord, parseRecord } from './os-record.ts'
import { readWhole, replaceFile } from './whole-file.ts'

/**
 * What happened, one record a line, each with a digest of its own: a torn or rotten line costs itself and no
 * other. What `append` was given is on the disk when it resolves.
 */
export type Journal = {
  readonly records: readonly OsRecord[]
  append(records: readonly OsRecord[]): Promise<void>
}

const fileName = 'journal'
const newLine = 10

export async function openJournal(place: DataPlace, log: Log): Promise<Journal> {
  const { files, directory } = place
  const path = `${directory}/${fileName}`
  const bytes = await readWhole(files, directory, fileName, 4 * journalBytesMax)
  const { records, lost } = parseJournal(Buffer.from(bytes ?? []).toString('utf8'))
  if (lost > 0) log.warn('Lines of the journal of upgrades are damaged and left out', { lost })
  // One that is not there, or too long to be ours, is written anew.
  let endBytes = isUsable(bytes) ? bytes.length : Infinity
  // A torn line has no end: the next record begins on a line of its own.
  let isTorn = isUsable(bytes) && bytes.at(-1) !== newLine
  const rewrite = async (next: readonly OsRecord[]): Promise<void> => {
    const bytesOfAll = Buffer.from(next.map(lineOf).join(''))
    await replaceFile(files, directory, fileName, bytesOfAll)
    records.splice(0, records.length, ...next)
    endBytes = bytesOfAll.length
    isTorn = false
  }
  return {
    records,
    async append(added) {
      if (added.length === 0) return
      const text = Buffer.from((isTorn ? '\n' : '') + added.map(lineOf).join(''))
      if (endBytes + text.length > journalBytesMax) return rewrite(keepOf([...records, ...added]))
      await using file = await files.open(path, 'existing')
      // Whatever a failed append left behind is written over: the end moves only when all is on disk.
      await file.write(endBytes, text)
      await file.sync()
      endBytes += text.length
      isTorn = false
      records.push(...added)
    },
  }
}

function isUsable(bytes: Uint8Array | undefined): bytes is Uint8Array {
  return bytes !== undefined && bytes.length > 0 && bytes.length <= journalBytesMax
}

export function parseJournal(text: string): { records: OsRecord[]; lost: number } {
  const lines = text.split('\n').filter((line) => line !== '')
  const records = lines.map(recordOf).filter((record) => record !== undefined)
  return { records, lost: lines.length - records.length }
}

function recordOf(line: string): OsRecord | undefined {
  const body = line.slice(9)
  if (line.length > journalRecordBytesMax || line.slice(0, 9) !== `${digestOf(body)} `)
    return undefined
  try {
    return parseRecord(JSON.parse(body))
  } catch {
    return undefined
  }
}

function lineOf(record: OsRecord): string {
  const body = JSON.stringify(record)
  if (body.length + 9 > journalRecordBytesMax)
    throw new OsDiskError(`A record of ${body.length} bytes is too long for the journal.`)
  return `${digestOf(body)} ${body}\n`
}

const digestOf = (body: string): string =>
  createHash('sha256').update(body).digest('hex').slice(0, 8)

/** The newest, and of the older ones those that say what became of an image. */
function keepOf(records: readonly OsRecord[]): OsRecord[] {
  const older = records.slice(0, -journalRecordsKept)
  const landmarks = older.filter(({ kind }) =>
    ['Outcome', 'Intent', 'Blessed', 'Suspect', 'Installed'].includes(kind),
  )
  return [...landmarks.slice(-journalLandmarksKept), ...records.slice(-journalRecordsKept)]
}
