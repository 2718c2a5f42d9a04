import type { OsOutcome } from '@skerry/api/os/os-report'
import { osOutcomeSchema } from '@skerry/api/os/os-report'
import { validateSchema } from '@skerry/api/schema-validate'

/** The steps of an update, in order; each is in the journal before it begins. */
export const installSteps = [
  'fetching its kernel',
  'removing what is in its slot',
  'writing its file system',
  'writing its verity tree',
  'reading its slot back',
  'bringing its kernel onto the ESP',
] as const
export type InstallStep = (typeof installSteps)[number]

/** One line of the journal. What is told afterwards is made of these and of nothing that is guessed. */
export type OsRecord =
  | BootRecord
  | StepRecord
  | IntentRecord
  | VerdictRecord
  | OutcomeRecord
  /** All of it is on the disk. */
  | { readonly kind: 'Installed'; readonly time: string; readonly imageId: string }
  /** What was intended or begun is not any more: another took its place, or a disk failed. */
  | { readonly kind: 'Dropped'; readonly time: string; readonly imageId: string }
  /** It was found healthy without having been switched to. */
  | { readonly kind: 'Blessed'; readonly time: string; readonly imageId: string }
  | SuspectRecord
  | { readonly kind: 'Panic'; readonly time: string; readonly file: string; readonly text: string }

/** A machine came up to its user space. */
export type BootRecord = {
  readonly kind: 'Boot'
  readonly time: string
  readonly bootId: string
  readonly imageId: string
  /** The watchdog says that it ended the boot before this one. */
  readonly wasReset?: boolean | undefined
}

export type StepRecord = {
  readonly kind: 'Step'
  readonly time: string
  readonly bootId: string
  readonly imageId: string
  readonly version: string
  readonly digest: string
  readonly slot: string
  readonly step: InstallStep
}

export type IntentRecord = {
  readonly kind: 'Intent'
  readonly time: string
  readonly bootId: string
  readonly imageId: string
  readonly version: string
  readonly digest: string
  readonly attempt: number
  readonly didHubAnswer: boolean
  readonly hadNetwork: boolean
  readonly isBack: boolean
  /** Newer images whose entries are exhausted on purpose, so that this one starts. */
  readonly setAside: readonly string[]
}

export type VerdictRecord = {
  readonly kind: 'Verdict'
  readonly time: string
  readonly bootId: string
  readonly imageId: string
  readonly message: string
}

export type OutcomeRecord = {
  readonly kind: 'Outcome'
  /** The boot in which it was known. */
  readonly bootId: string
  readonly outcome: OsOutcome
}

/** An image that had been good and did not come to health any more, as the initrd counted. */
export type SuspectRecord = {
  readonly kind: 'Suspect'
  readonly time: string
  readonly bootId: string
  readonly imageId: string
  readonly version: string
  readonly digest?: string | undefined
  /** In a row; 0: it met a damaged block while it ran. */
  readonly starts: number
  readonly handovers: number
  readonly resets: number
  readonly words: string
  /** Of its kernel, if it left some. */
  readonly panic?: string | undefined
}

type Field = 'string' | 'boolean' | 'number' | 'strings' | 'maybe boolean' | 'maybe string'
const boot = { time: 'string', bootId: 'string', imageId: 'string' } as const
const shapes: Readonly<Record<Exclude<OsRecord['kind'], 'Outcome'>, Record<string, Field>>> = {
  Boot: { ...boot, wasReset: 'maybe boolean' },
  Step: { ...boot, version: 'string', digest: 'string', slot: 'string', step: 'string' },
  Intent: {
    ...boot,
    version: 'string',
    digest: 'string',
    attempt: 'number',
    didHubAnswer: 'boolean',
    hadNetwork: 'boolean',
    isBack: 'boolean',
    setAside: 'strings',
  },
  Verdict: { ...boot, message: 'string' },
  Installed: { time: 'string', imageId: 'string' },
  Dropped: { time: 'string', imageId: 'string' },
  Blessed: { time: 'string', imageId: 'string' },
  Suspect: {
    ...boot,
    version: 'string',
    digest: 'maybe string',
    starts: 'number',
    handovers: 'number',
    resets: 'number',
    words: 'string',
    panic: 'maybe string',
  },
  Panic: { time: 'string', file: 'string', text: 'string' },
}

/** A line of the journal, or undefined if it is none: an older or newer program may have written it. */
export function parseRecord(value: unknown): OsRecord | undefined {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined
  if (value.kind === 'Outcome') return isOutcome(value) ? (value as OutcomeRecord) : undefined
  if (typeof value.kind !== 'string' || !Object.hasOwn(shapes, value.kind)) return undefined
  const shape = shapes[value.kind as keyof typeof shapes]
  const fields = new Map<string, unknown>(Object.entries(value))
  const isWhole = Object.entries(shape).every(([name, field]) => hasShape(fields.get(name), field))
  return isWhole ? (value as OsRecord) : undefined
}

function isOutcome(value: object): boolean {
  const fields = new Map<string, unknown>(Object.entries(value))
  return (
    typeof fields.get('bootId') === 'string' &&
    validateSchema(osOutcomeSchema, fields.get('outcome'), 'outcome').length === 0
  )
}

function hasShape(value: unknown, field: Field): boolean {
  switch (field) {
    case 'strings':
      return Array.isArray(value) && value.every((each) => typeof each === 'string')
    case 'maybe boolean':
      return value === undefined || typeof value === 'boolean'
    case 'maybe string':
      return value === undefined || typeof value === 'string'
    case 'string':
    case 'boolean':
    case 'number':
      return typeof value === field
  }
}
