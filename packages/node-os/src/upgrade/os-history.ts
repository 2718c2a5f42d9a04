import type { OsOutcome } from '@skerry/api/os/os-report'
import type {
  BootRecord,
  IntentRecord,
  OsRecord,
  StepRecord,
  SuspectRecord,
  VerdictRecord,
} from './os-record.ts'

/** What the journal says, put together. */
export type OsHistory = {
  /** The last switch, while nobody knows how it ended. */
  readonly pending?: PendingSwitch | undefined
  readonly lastIntent?: IntentRecord | undefined
  /** An installation that was begun and not ended. */
  readonly openStep?: StepRecord | undefined
  /** Images that were found healthy, by id, and not since given up. */
  readonly blessed: ReadonlySet<string>
  /** Newer images that were put behind on purpose. */
  readonly setAside: ReadonlySet<string>
  readonly condemned: ReadonlyMap<string, OsOutcome>
  /** Images that the initrd gave up although they had been good, until they are tried again. */
  readonly parked: ReadonlySet<string>
  /** Those of them whose slots are still to be read. */
  readonly suspects: ReadonlyMap<string, SuspectRecord>
  /** Images whose slots do not hold them any more, until they are installed anew. */
  readonly decayed: ReadonlySet<string>
  /** Oldest first. */
  readonly outcomes: readonly OsOutcome[]
  readonly bootIds: ReadonlySet<string>
}

export type PendingSwitch = {
  readonly intent: IntentRecord
  /** Of any image, since the intent. */
  readonly boots: readonly BootRecord[]
  readonly verdict?: VerdictRecord | undefined
  readonly panics: readonly string[]
  /** Times that it ended without evidence. */
  readonly inconclusive: number
  /** The boot in which it was last made the next to start. */
  readonly sinceBootId: string
}

type Folding = {
  pending: PendingSwitch | undefined
  lastIntent: IntentRecord | undefined
  openStep: StepRecord | undefined
  blessed: Set<string>
  setAside: Set<string>
  condemned: Map<string, OsOutcome>
  parked: Set<string>
  suspects: Map<string, SuspectRecord>
  decayed: Set<string>
  outcomes: OsOutcome[]
  bootIds: Set<string>
}

export function foldRecords(records: readonly OsRecord[]): OsHistory {
  const state: Folding = {
    pending: undefined,
    lastIntent: undefined,
    openStep: undefined,
    blessed: new Set(),
    setAside: new Set(),
    condemned: new Map(),
    parked: new Set(),
    suspects: new Map(),
    decayed: new Set(),
    outcomes: [],
    bootIds: new Set(),
  }
  for (const record of records) fold(state, record)
  return state
}

function fold(state: Folding, record: OsRecord): void {
  const { pending } = state
  switch (record.kind) {
    case 'Boot':
      state.bootIds.add(record.bootId)
      if (pending !== undefined) state.pending = { ...pending, boots: [...pending.boots, record] }
      return
    case 'Step':
      state.openStep = record
      return
    case 'Suspect':
      state.parked.add(record.imageId)
      state.suspects.set(record.imageId, record)
      return
    case 'Installed':
      state.decayed.delete(record.imageId)
      if (state.openStep?.imageId === record.imageId) state.openStep = undefined
      return
    case 'Dropped':
      if (state.openStep?.imageId === record.imageId) state.openStep = undefined
      if (pending?.intent.imageId === record.imageId) state.pending = undefined
      return
    case 'Intent':
      state.lastIntent = record
      state.condemned.delete(record.imageId)
      state.setAside.delete(record.imageId)
      trust(state, record.imageId)
      for (const each of record.setAside) state.setAside.add(each)
      state.pending = {
        intent: record,
        boots: [],
        panics: [],
        inconclusive: 0,
        sinceBootId: record.bootId,
      }
      return
    case 'Verdict':
      if (pending?.intent.imageId === record.imageId)
        state.pending = { ...pending, verdict: record }
      return
    case 'Panic':
      if (pending !== undefined)
        state.pending = { ...pending, panics: [...pending.panics, record.text] }
      return
    case 'Blessed':
      state.blessed.add(record.imageId)
      state.setAside.delete(record.imageId)
      state.condemned.delete(record.imageId)
      return
    case 'Outcome':
      foldOutcome(state, record.outcome, record.bootId)
  }
}

/** What was held against its slot is of the past: it is tried again, or runs well. */
function trust({ parked, suspects, decayed }: Folding, imageId: string): void {
  for (const each of [parked, suspects, decayed]) each.delete(imageId)
}

function foldOutcome(state: Folding, outcome: OsOutcome, bootId: string): void {
  const { pending } = state
  const { imageId, result } = outcome
  state.outcomes.push(outcome)
  if (state.openStep?.imageId === imageId) state.openStep = undefined
  if (result === 'Succeeded' || result === 'WentBack') {
    state.blessed.add(imageId)
    state.condemned.delete(imageId)
    state.setAside.delete(imageId)
    trust(state, imageId)
  }
  if (result === 'FellBack') {
    state.blessed.delete(imageId)
    // A disk that decays is no reason to ban what was on it.
    if (outcome.evidence === 'Disk') state.decayed.add(imageId)
    else state.condemned.set(imageId, outcome)
  }
  state.suspects.delete(imageId)
  if (pending?.intent.imageId !== imageId || result === 'Refused') return
  state.pending =
    result === 'Inconclusive'
      ? { ...pending, inconclusive: pending.inconclusive + 1, sinceBootId: bootId }
      : undefined
}
