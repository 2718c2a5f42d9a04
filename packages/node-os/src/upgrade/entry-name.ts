import { bootTries, espPaths } from '@skerry/api/os/os-layout'

/** What the name of a file in the ESP's directory of entries says. */
export type EntryName = {
  readonly file: string
  /** First twelve digits of the image id. */
  readonly prefix: string
  /** A kernel that the loader does not see. */
  readonly isHidden: boolean
  /** Tries left and done; undefined for an entry that the loader does not count. */
  readonly tries?: { readonly left: number; readonly done: number } | undefined
}

const prefixLength = 12
const entryPattern = new RegExp(
  `^${espPaths.entryPrefix}([0-9a-f]{${prefixLength}})(?:\\+([0-9]{1,5})(?:-([0-9]{1,5}))?)?\\.efi$`,
)
const hiddenPattern = /^\.new-([0-9a-f]{12})$/

export const prefixOf = (imageId: string): string => imageId.slice(0, prefixLength)

/** Undefined for what is not ours. FAT keeps the case of names and does not tell them apart by it. */
export function parseEntryName(file: string): EntryName | undefined {
  const name = file.toLowerCase()
  const hidden = hiddenPattern.exec(name)
  if (hidden !== null) return { file, prefix: hidden[1]!, isHidden: true }
  const entry = entryPattern.exec(name)
  if (entry === null) return undefined
  const [, prefix, left, done = '0'] = entry
  const tries = left === undefined ? {} : { tries: { left: Number(left), done: Number(done) } }
  return { file, prefix: prefix!, isHidden: false, ...tries }
}

const tornPattern =
  /^(?:sk(?:erry|[0-9a-f]{4})~[0-9]{1,2}\.efi|ne(?:w-[0-9a-f]{2}|[0-9a-f]{4})~[0-9]{1,2})$/

/**
 * What a power cut leaves of a name of ours that lies across two sectors of its directory and was being
 * removed: the short name. It has no counter, so the loader takes it for an entry that was found good.
 */
export const isTornName = (file: string): boolean => tornPattern.test(file.toLowerCase())

export const hiddenName = (imageId: string): string =>
  `${espPaths.temporaryPrefix}${prefixOf(imageId)}`

export const blessedName = (imageId: string): string =>
  `${espPaths.entryPrefix}${prefixOf(imageId)}.efi`

/** Counted: `done` is kept when a second round begins, so that the name itself tells which round it is. */
export function countedName(imageId: string, left: number, done = 0): string {
  const counter = done === 0 ? `+${left}` : `+${left}-${done}`
  return `${espPaths.entryPrefix}${prefixOf(imageId)}${counter}.efi`
}

export const isExhausted = ({ tries }: Pick<EntryName, 'tries'>): boolean => tries?.left === 0

/** Tries that were ever given: more than one round's when it has had its second. */
export const triesGiven = ({ tries }: Pick<EntryName, 'tries'>): number =>
  tries === undefined ? 0 : tries.left + tries.done

export const isSecondRound = (entry: Pick<EntryName, 'tries'>): boolean =>
  triesGiven(entry) > bootTries
