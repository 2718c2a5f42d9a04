import { espPaths } from './os-layout.ts'
import { compareVersions } from './version-order.ts'

/** What the boot loader knows of a kernel in EFI/Linux: its name and what its `.osrel` says. */
export type LoaderEntry = {
  readonly fileName: string
  /** IMAGE_ID, else ID. */
  readonly sortKey?: string | undefined
  /** IMAGE_VERSION, else VERSION, VERSION_ID, BUILD_ID. */
  readonly version?: string | undefined
}

export type EntryCounter = {
  /** Name without the counter, in lower case: what the loader calls the entry. */
  readonly id: string
  /** Undefined: not counted, which is what blessed means. */
  readonly triesLeft?: number | undefined
  readonly triesDone?: number | undefined
  /** The name that it has when it has been started once more. */
  readonly nextName?: string | undefined
}

const triesMax = 2 ** 31 - 1

/** `NAME+LEFT[-DONE].efi`; a counter elsewhere in the name is none. */
export function readCounter(fileName: string): EntryCounter {
  const plus = fileName.lastIndexOf('+')
  const match = plus < 0 ? null : /^\+(\d+)(?:-(\d+))?(\.efi)$/i.exec(fileName.slice(plus))
  const [left, done] = [Number(match?.[1]), Number(match?.[2] ?? 0)]
  if (match === null || left > triesMax || done > triesMax) return { id: fileName.toLowerCase() }
  const name = fileName.slice(0, plus)
  const next = `${name}+${Math.max(0, left - 1)}-${Math.min(done + 1, triesMax)}.efi`
  return { id: `${name}.efi`.toLowerCase(), triesLeft: left, triesDone: done, nextName: next }
}

/** Whether the loader looks at a file of this name at all. */
export function isSeenByLoader(fileName: string): boolean {
  return !fileName.startsWith('.') && /\.efi$/i.test(fileName) && !/^auto-/i.test(fileName)
}

/** The line `preferred` of loader.conf: entries of ours, by their whole name. */
export const preferredEntries = `${espPaths.entryPrefix}*`

/** Our own names before all others, unless their tries are used up. */
function isPreferred({ id, triesLeft }: EntryCounter): boolean {
  return id.startsWith(espPaths.entryPrefix) && triesLeft !== 0
}

/**
 * systemd-boot's order (read in its source, tried with 262): what is preferred comes first, then what has tries
 * left or is not counted, then by sort key, newest version, name; last of all by tries. Negative: `left` is
 * started first.
 */
export function compareEntries(left: LoaderEntry, right: LoaderEntry): number {
  const [a, b] = [readCounter(left.fileName), readCounter(right.fileName)]
  return (
    Number(isPreferred(b)) - Number(isPreferred(a)) ||
    Number(a.triesLeft === 0) - Number(b.triesLeft === 0) ||
    compareKeys(left, right) ||
    -compareVersions(a.id, b.id) ||
    compareTries(a, b)
  )
}

function compareKeys(left: LoaderEntry, right: LoaderEntry): number {
  if (left.sortKey === undefined || right.sortKey === undefined)
    return Number(left.sortKey === undefined) - Number(right.sortKey === undefined)
  if (left.sortKey !== right.sortKey) return left.sortKey < right.sortKey ? -1 : 1
  return -compareVersions(left.version ?? '', right.version ?? '')
}

function compareTries(a: EntryCounter, b: EntryCounter): number {
  if (a.triesLeft === undefined || b.triesLeft === undefined) return 0
  return b.triesLeft - a.triesLeft || (a.triesDone ?? 0) - (b.triesDone ?? 0)
}

/** In the order in which the loader prefers them; equal ones stay as they lie in the directory. */
export function sortEntries<T extends LoaderEntry>(entries: readonly T[]): T[] {
  return entries.filter(({ fileName }) => isSeenByLoader(fileName)).toSorted(compareEntries)
}

/**
 * The entry that the loader starts by itself, if no variable and no line of loader.conf names another: the
 * first, also when all are exhausted. Undefined: there is none, and the machine stays in its firmware.
 */
export function chooseEntry<T extends LoaderEntry>(entries: readonly T[]): T | undefined {
  return sortEntries(entries)[0]
}
