import { bootTries } from '@skerry/api/os/os-layout'
import {
  blessedName,
  countedName,
  hiddenName,
  isExhausted,
  isSecondRound,
  isTornName,
  triesGiven,
} from './entry-name.ts'
import { isStartedBefore } from './loader-order.ts'
import type { OsHistory } from './os-history.ts'
import { type EspEntry, type OsView, belongsTo, entryOf, isUsable, slotOf } from './os-view.ts'

/** One change of the ESP, whole or not at all, and why. */
export type EspAct =
  | {
      readonly do: 'rename'
      readonly from: string
      readonly to: string
      readonly why: string
    }
  | { readonly do: 'remove'; readonly file: string; readonly why: string }
  /** From the copy in data. */
  | {
      readonly do: 'rebuild'
      readonly imageId: string
      readonly file: string
      readonly why: string
    }

export type RepairFacts = {
  readonly view: OsView
  readonly history: OsHistory
  /** False: the journal is in memory, so that nothing may go that tells what happened. */
  readonly isDurable: boolean
}

/**
 * What the ESP must become so that it agrees with what is known: names that FAT lost, entries that lead
 * nowhere, second rounds, and names that were left in the middle of a change. Foreign files stay.
 */
export function planRepair(facts: RepairFacts): EspAct[] {
  const { view } = facts
  const { imageId: running } = view.running
  return [
    ...repairRunning(facts),
    ...view.entries
      .filter((entry) => !entry.isHidden && !belongsTo(entry, running))
      .flatMap((entry) => repairOther(facts, entry)),
    ...rebuildFallbacks(facts),
    ...view.entries.filter(({ isHidden }) => isHidden).flatMap((e) => repairHidden(facts, e)),
    ...repairLeftovers(facts),
  ]
}

/** A torn name may be all that is left of the running image: it goes when its entry is there. */
function repairLeftovers({ view }: RepairFacts): EspAct[] {
  const entry = entryOf(view, view.running.imageId)
  const isSafe = entry !== undefined && isUsable(entry)
  return view.leftovers
    .filter((file) => isSafe || !isTornName(file))
    .map((file) => ({
      do: 'remove',
      file,
      why: isTornName(file)
        ? 'a power cut tore its name, and the loader would not count it'
        : 'it was being written and is not needed',
    }))
}

function repairRunning({ view, history }: RepairFacts): EspAct[] {
  const { imageId } = view.running
  const { pending, blessed } = history
  const entry = entryOf(view, imageId)
  const isTarget = pending?.intent.imageId === imageId
  if (entry === undefined || !isUsable(entry)) {
    if (!hasCopy(view, imageId)) return []
    const isKept = blessed.has(imageId) && !isTarget
    const file = isKept ? blessedName(imageId) : countedName(imageId, bootTries)
    return [{ do: 'rebuild', imageId, file, why: 'the entry of the running image was lost' }]
  }
  const twins = view.entries
    .filter((each) => !each.isHidden && each !== entry && belongsTo(each, imageId))
    .map(({ file }): EspAct => ({ do: 'remove', file, why: 'a second name of the same image' }))
  const isLeftCounted = entry.tries !== undefined && blessed.has(imageId) && pending === undefined
  if (!isLeftCounted) return twins
  const to = blessedName(imageId)
  return [...twins, { do: 'rename', from: entry.file, to, why: 'it runs and is known to be good' }]
}

/** An entry of an image that does not run. */
function repairOther(facts: RepairFacts, entry: EspEntry): EspAct[] {
  const { view, history, isDurable } = facts
  const { pending, blessed, condemned, setAside } = history
  const { file } = entry
  if (!isUsable(entry)) return repairBroken(facts, entry)
  const imageId = entry.image?.imageId
  // Our name on something that is not ours.
  if (imageId === undefined || !isDurable) return []
  if (slotOf(view, imageId) === undefined && areSlotsRead(view))
    return [{ do: 'remove', file, why: 'no slot holds its image' }]
  const keptName = blessedName(imageId)
  const mayFallBack = blessed.has(imageId) && isOlder(view, entry)
  if (pending?.intent.imageId === imageId) {
    const isSecondDue = isExhausted(entry) && pending.inconclusive > 0 && !isSecondRound(entry)
    const to = countedName(imageId, bootTries, triesGiven(entry))
    return isSecondDue ? [{ do: 'rename', from: file, to, why: 'it gets a second round' }] : []
  }
  if (entry.tries === undefined) return []
  if (isExhausted(entry)) {
    if (condemned.has(imageId)) return [{ do: 'remove', file, why: 'it failed, and this is known' }]
    return setAside.has(imageId) && mayFallBack && pending === undefined
      ? [{ do: 'rename', from: file, to: keptName, why: 'it may be fallen back to again' }]
      : []
  }
  return mayFallBack
    ? [{ do: 'rename', from: file, to: keptName, why: 'it was not switched to after all' }]
    : [{ do: 'rename', from: file, to: hiddenName(imageId), why: 'it is not to start next' }]
}

/** A name without content, or with half of it. */
function repairBroken(facts: RepairFacts, entry: EspEntry): EspAct[] {
  const { view, history, isDurable } = facts
  const image = view.known.find((each) => belongsTo(entry, each.imageId))
  const remove: EspAct = { do: 'remove', file: entry.file, why: 'it is not whole' }
  if (image === undefined) return isDurable ? [remove] : []
  if (!image.hasCopy || slotOf(view, image.imageId) === undefined) return [remove]
  const isFallback = history.blessed.has(image.imageId) && isOlder(view, image)
  // The fallbacks that are missing are rebuilt with the others.
  if (isFallback) return [remove]
  const file = hiddenName(image.imageId)
  return [remove, { do: 'rebuild', imageId: image.imageId, file, why: 'its entry was not whole' }]
}

/** Images that may be fallen back to and that the loader does not see any more. */
function rebuildFallbacks({ view, history }: RepairFacts): EspAct[] {
  return view.known
    .filter((image) => {
      const entry = entryOf(view, image.imageId)
      return (
        image.imageId !== view.running.imageId &&
        image.hasCopy &&
        history.blessed.has(image.imageId) &&
        !history.setAside.has(image.imageId) &&
        history.pending?.intent.imageId !== image.imageId &&
        slotOf(view, image.imageId) !== undefined &&
        isOlder(view, image) &&
        (entry === undefined || !isUsable(entry))
      )
    })
    .map(({ imageId }) => ({
      do: 'rebuild',
      imageId,
      file: blessedName(imageId),
      why: 'the entry of a fallback was lost',
    }))
}

function repairHidden({ view, history, isDurable }: RepairFacts, entry: EspEntry): EspAct[] {
  const owner = [...view.known, view.running].find(({ imageId }) => belongsTo(entry, imageId))
  if (!isDurable || !areSlotsRead(view)) return []
  if (owner !== undefined && owner.imageId === history.openStep?.imageId) return []
  const isUseful =
    owner !== undefined &&
    slotOf(view, owner.imageId) !== undefined &&
    isUsable(entry) &&
    entryOf(view, owner.imageId) === undefined
  return isUseful
    ? []
    : [{ do: 'remove', file: entry.file, why: 'it was being written and is not needed' }]
}

function isOlder(view: OsView, image: { version?: string | undefined } & Named): boolean {
  const running = entryOf(view, view.running.imageId)
  const known = view.known.find(({ imageId }) => imageId === view.running.imageId)
  const version = running?.version ?? known?.version
  return isStartedBefore(
    { version, prefix: prefixIn(view.running) },
    {
      version: image.version,
      prefix: prefixIn(image),
    },
  )
}

type Named = { readonly imageId: string } | { readonly prefix: string }

const prefixIn = (image: Named): string =>
  'prefix' in image ? image.prefix : image.imageId.slice(0, 12)

const areSlotsRead = (view: OsView): boolean =>
  view.slots.every(({ problem }) => problem === undefined)

const hasCopy = (view: OsView, wanted: string): boolean =>
  view.known.some(({ imageId, hasCopy: has }) => imageId === wanted && has)
