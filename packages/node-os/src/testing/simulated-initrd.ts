import { bootStartsMax, espPaths, nodePaths, verityBlockBytes } from '@skerry/api/os/os-layout'
import { parseVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { parseBootStarts } from '../upgrade/boot-starts.ts'
import { blessedName, countedName, isExhausted } from '../upgrade/entry-name.ts'
import { type EspEntry, belongsTo, isUsable, readEntries } from '../upgrade/os-view.ts'
import type { SimulatedFiles } from './simulated-files.ts'
import type { SimulatedSlot } from './simulated-slot.ts'

export type InitrdFacts = {
  readonly esp: SimulatedFiles
  /** Undefined where it cannot be written. */
  readonly data: SimulatedFiles | undefined
  readonly slots: readonly SimulatedSlot[]
  readonly imageId: string
  /** The watchdog ended the start before. */
  readonly wasReset: boolean
  /** The loader counts the tries itself. */
  readonly isCounted: boolean
}

/** What `factory/initrd/count.sh` does before anything of the image is read. Whether it gave the image up. */
export async function countStart(facts: InitrdFacts): Promise<boolean> {
  const { data, imageId, wasReset } = facts
  if (data === undefined) return false
  const before = startsIn(data, imageId)
  const resets = before.resets + Number(wasReset && before.starts > 0)
  if (before.starts >= bootStartsMax) {
    put(data, imageId, { ...before, resets })
    if (await giveUp(facts, before.starts)) return true
  }
  put(data, imageId, { ...before, starts: before.starts + 1, resets })
  return false
}

export function noteHandover(data: SimulatedFiles | undefined, imageId: string): void {
  if (data === undefined) return
  const before = startsIn(data, imageId)
  put(data, imageId, { ...before, handovers: before.handovers + 1 })
}

type Counts = { readonly starts: number; readonly handovers: number; readonly resets: number }

const pathOf = (imageId: string): string => `${nodePaths.bootStarts}/${imageId}`

function startsIn(data: SimulatedFiles, imageId: string): Counts {
  const text = Buffer.from(data.content().get(pathOf(imageId)) ?? []).toString()
  return parseBootStarts(imageId, text) ?? { starts: 0, handovers: 0, resets: 0 }
}

function put(data: SimulatedFiles, imageId: string, { starts, handovers, resets }: Counts): void {
  for (const path of ['/data/skerry', nodePaths.osState, nodePaths.bootStarts])
    data.putDirectory(path)
  data.put(pathOf(imageId), Buffer.from(`${starts} ${handovers} ${resets} \n`))
}

async function giveUp(
  { esp, slots, imageId, isCounted }: InitrdFacts,
  starts: number,
): Promise<boolean> {
  const path = `/${espPaths.entries}/${blessedName(imageId)}`
  const bytes = esp.content().get(path)
  if (isCounted || bytes === undefined) return false
  const isThere = ({ image }: EspEntry): boolean =>
    slots.some((slot) => {
      const at = image?.rootBytes ?? 0
      const block = parseVeritySuperblock(slot.bytes.subarray(at, at + verityBlockBytes))
      return image !== undefined && block?.imageId === image.imageId
    })
  const others = (await readEntries(esp)).filter(
    (entry) =>
      !entry.isHidden &&
      isUsable(entry) &&
      !isExhausted(entry) &&
      !belongsTo(entry, imageId) &&
      isThere(entry),
  )
  if (others.length === 0) return false
  esp.put(path, undefined)
  esp.put(`/${espPaths.entries}/${countedName(imageId, 0, starts)}`, bytes)
  return true
}
