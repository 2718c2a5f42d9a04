import { seededRandom } from '@skerry/base/random'
import type { PowerCut } from '@skerry/factory/lab/logged-disk'
import type { LoggedWrite } from '@skerry/factory/lab/write-log'
import { cutLimits } from './limits.ts'

/** Sectors of the ESP, whose writes decide what is started. */
export type SectorRange = { readonly first: number; readonly end: number }

/** Of writes that follow each other directly, as a kernel that is copied, only the ends are told apart. */
const runEntriesMax = 8

/**
 * States to look at more closely, chosen by a seed: half of them anywhere in the log, half within the few
 * writes to the ESP that are not the bulk of a kernel; half of all with unflushed writes lost.
 */
export function chooseStates(
  entries: readonly LoggedWrite[],
  esp: SectorRange,
  { count, seed }: { readonly count: number; readonly seed: number },
): PowerCut[] {
  const random = seededRandom(seed)
  const telling = tellingEntries(entries, esp)
  const pick = (from: readonly number[]) => from[Math.floor(random.next() * from.length)]!
  const anywhere = entries.map((_, index) => index + 1)
  return Array.from({ length: entries.length === 0 ? 0 : count }, (_, index) => {
    const at = pick(index % 2 === 0 && telling.length > 0 ? telling : anywhere)
    const loss = 1 + Math.floor(random.next() * cutLimits.lossSeeds)
    return index % 4 < 2 ? { entries: at } : { entries: at, loseSeed: at * 1000 + loss }
  })
}

/** How many entries have been written when a write to the ESP has, other than amid a long row of them. */
export function tellingEntries(entries: readonly LoggedWrite[], esp: SectorRange): number[] {
  const isEsp = ({ kind, firstSector }: LoggedWrite) =>
    kind !== 'flush' && firstSector >= esp.first && firstSector < esp.end
  const telling: number[] = []
  let row = 0
  for (const [index, entry] of entries.entries()) {
    const before = entries[index - 1]
    const isNext =
      before !== undefined &&
      isEsp(before) &&
      before.firstSector + before.sectors === entry.firstSector
    row = isNext ? row + 1 : 0
    if (isEsp(entry) && row < runEntriesMax) telling.push(index + 1)
  }
  return telling
}
