import { type Clock, toTimestamp } from '@skerry/base/clock'
import type { Log } from '@skerry/base/log'
import type { ImageWords } from './command-line.ts'
import { doEspAct } from './esp-acts.ts'
import type { Journal } from './journal.ts'
import { readKnownImages } from './known-image.ts'
import { type OsFiles, OsDiskError, type OsHost } from './os-host.ts'
import { type OsHistory, foldRecords } from './os-history.ts'
import type { OsRecord } from './os-record.ts'
import { type OsView, imagesNamed, readEntries, readLeftovers, readSlots } from './os-view.ts'
import { type EspAct, planRepair } from './plan-repair.ts'

/** What the acts of a machine share: the disks, the journal, and what was last seen of both. */
export type OsRoom = {
  readonly host: OsHost
  readonly clock: Clock
  readonly log: Log
  readonly running: ImageWords
  readonly journal: Journal
  /** Bytes between two records of how far a slot was written. */
  readonly progressBytes: number
  view: OsView
  history: OsHistory
}

/** Puts records onto the disk; what was known follows. */
export async function record(room: OsRoom, ...records: readonly OsRecord[]): Promise<void> {
  await room.journal.append(records)
  room.history = foldRecords(room.journal.records)
}

export const timeOf = (room: OsRoom): string => toTimestamp(room.clock.now())

/** Looks at everything anew, with the ESP mounted. */
export async function look(room: OsRoom, esp: OsFiles): Promise<void> {
  const { host, running, log } = room
  const entries = await readEntries(esp)
  const known = await readKnownImages(host.data, log)
  room.view = {
    running,
    entries,
    known,
    slots: await readSlots(host, running, imagesNamed(running, entries, known)),
    leftovers: await readLeftovers(esp),
  }
}

/** Mends the ESP. Each act stands for itself: one that fails is tried again at the next start. */
export async function repair(room: OsRoom, esp: OsFiles): Promise<void> {
  const { host, history, view, log } = room
  const acts = planRepair({ view, history, isDurable: host.data.isDurable })
  for (const act of acts) await tryAct(room, esp, act)
  if (acts.length > 0) await look(room, esp)
  else log.debug('The ESP is as it should be')
}

async function tryAct(room: OsRoom, esp: OsFiles, act: EspAct): Promise<void> {
  const { host, log, view } = room
  const fields = { act: act.do, file: 'from' in act ? act.from : act.file, why: act.why }
  try {
    await doEspAct(host, esp, act, view.known)
    log.info('The ESP was mended', fields)
  } catch (error) {
    if (!(error instanceof OsDiskError)) throw error
    log.error('The ESP could not be mended', { ...fields, error: error.message })
  }
}
