import { sortEntries } from '@skerry/api/os/loader-order'
import {
  type CutRule,
  type InspectedEntry,
  bootsKnownImage,
} from '@skerry/factory/lab/inspected-disk'

/**
 * What must hold wherever the power goes: the loader starts an image that is whole, no entry that it may come
 * to is broken, an image with tries left has another behind it, and when the tries of the bad ones are used
 * up a good one starts.
 */
export function survivesCut(badImageIds: readonly string[]): CutRule {
  const isBad = ({ imageId }: InspectedEntry) =>
    imageId === undefined || badImageIds.includes(imageId)
  return (disk) => {
    const [chosen, ...behind] = disk.entries
    const others = behind.filter(
      ({ imageId, problem }) => problem === undefined && imageId !== chosen?.imageId,
    )
    const isAlone = (chosen?.triesLeft ?? 0) > 0 && others.length === 0
    const [last] = sortEntries(disk.entries.map((entry) => (isBad(entry) ? usedUp(entry) : entry)))
    return [
      ...bootsKnownImage(disk),
      ...reached(disk.entries)
        .slice(1)
        .flatMap(({ fileName, problem }) =>
          problem === undefined ? [] : [`${fileName} ${problem}`],
        ),
      ...(isAlone ? [`${chosen?.fileName} is counted and no other image stands behind it`] : []),
      ...(last !== undefined && isBad(last)
        ? [`${last.fileName} is started for ever, and is no good image`]
        : []),
    ]
  }
}

/**
 * What the loader comes to, one after the other: those with tries, and the first that has none to lose. An
 * exhausted entry behind a good one may be broken, as one is that was just being removed.
 */
function reached(entries: readonly InspectedEntry[]): readonly InspectedEntry[] {
  const last = entries.findIndex(({ triesLeft }) => (triesLeft ?? 0) === 0)
  return last < 0 ? entries : entries.slice(0, last + 1)
}

/** As the loader names it after its last try; one that is not counted keeps its name. */
function usedUp(entry: InspectedEntry): InspectedEntry {
  if (entry.triesLeft === undefined) return entry
  const done = entry.triesLeft + (entry.triesDone ?? 0)
  return { ...entry, fileName: entry.fileName.replace(/\+[^+]*$/, `+0-${done}.efi`) }
}
