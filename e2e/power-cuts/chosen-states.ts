import { seededRandom } from '@skerry/base/random'
import type { PowerCut } from '@skerry/factory/lab/logged-disk'
import type { LoggedWrite } from '@skerry/factory/lab/write-log'
import { cutLimits } from './limits.ts'

/** Sectors of the ESP, whose writes decide what is started. */
export type SectorRange = { readonly first: number; readonly end: number }

/** Between two flushes: a rename or a deletion makes a few writes to the ESP, a kernel that is copied hundreds. */
const tellingWindowWritesMax = 24

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

/** How many entries have been written when a write to the ESP has, but not amid the copying of a kernel. */
export function tellingEntries(entries: readonly LoggedWrite[], esp: SectorRange): number[] {
  const telling: number[] = []
  let window: number[] = []
  const close = () => {
    if (window.length <= tellingWindowWritesMax) telling.push(...window)
    window = []
  }
  for (const [index, { kind, firstSector }] of entries.entries()) {
    if (kind === 'flush') close()
    else if (firstSector >= esp.first && firstSector < esp.end) window.push(index + 1)
  }
  close()
  return telling
}
