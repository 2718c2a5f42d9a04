import { bootTries } from '@skerry/api/os/os-layout'
import { forgetBootStarts } from './boot-starts.ts'
import { countedName, hiddenName, isExhausted } from './entry-name.ts'
import { renameEntry } from './esp-acts.ts'
import { bringKernel } from './install-image.ts'
import { isStartedBefore, loaderOrder } from './loader-order.ts'
import { OsDiskError, type OsFiles } from './os-host.ts'
import type { SwitchIntent } from './os-machine.ts'
import { type OsRoom, look, record, repair, timeOf } from './os-room.ts'
import {
  type EspEntry,
  type OsView,
  belongsTo,
  entryOf,
  isUsable,
  knownOf,
  slotOf,
  versionOf,
} from './os-view.ts'
import { Refused } from './refused.ts'

/** Makes an image the next to start. Throws `Refused` or `OsDiskError`, and then nothing was switched. */
export async function switchImage(
  room: OsRoom,
  imageId: string,
  intent: SwitchIntent,
): Promise<void> {
  if (imageId === room.running.imageId) return stayHere(room)
  await room.host.withEsp(async (esp) => {
    await look(room, esp)
    const plan = planSwitch(room.view, imageId, room.history.blessed)
    const image = knownOf(room.view, imageId)
    if (image === undefined || slotOf(room.view, imageId) === undefined)
      throw new Refused('Source', `Image ${imageId} is not in a slot: install it first.`)
    // The kernel first: it may take long, and nothing is intended yet.
    await bringKernel(room, esp, image)
    const { bootId } = room.host.boot
    await record(room, {
      kind: 'Intent',
      time: timeOf(room),
      bootId,
      imageId,
      version: image.version,
      ...intent,
      isBack: plan.isBack,
      setAside: plan.setAside
        .map(({ image: words }) => words?.imageId)
        .filter((id) => id !== undefined),
    })
    // What was counted of an earlier time says nothing of this one.
    await forgetBootStarts(room.host.data, imageId)
    try {
      await doSwitch(room, esp, imageId, plan)
    } catch (error) {
      await record(room, { kind: 'Dropped', time: timeOf(room), imageId })
      throw error
    }
  })
}

export type SwitchPlan = {
  /** It is older than the running one, or as good as. */
  readonly isBack: boolean
  /** Counted entries of images that nobody wants any more. */
  readonly withdrawn: readonly EspEntry[]
  /** Entries that the loader would start before it, the running one last. */
  readonly setAside: readonly EspEntry[]
}

export function planSwitch(
  view: OsView,
  imageId: string,
  blessed: ReadonlySet<string>,
): SwitchPlan {
  const target = { version: versionOf(view, imageId), prefix: imageId.slice(0, 12) }
  const others = loaderOrder(view.entries).filter(
    (entry) => !isExhausted(entry) && !belongsTo(entry, imageId),
  )
  const isRunning = (entry: EspEntry) => belongsTo(entry, view.running.imageId)
  const withdrawn = others.filter(
    (entry) =>
      entry.tries !== undefined &&
      entry.image !== undefined &&
      !isRunning(entry) &&
      !blessed.has(entry.image.imageId),
  )
  const before = others.filter(
    (entry) => !withdrawn.includes(entry) && isStartedBefore(entry, target),
  )
  return {
    isBack: before.some(isRunning),
    withdrawn,
    setAside: before.toSorted((a, b) => Number(isRunning(a)) - Number(isRunning(b))),
  }
}

/**
 * One rename switches: that of the new image's entry, or, going back, that of the running one's, after the
 * older one stands ready. Whatever is cut before it leaves the running image the next to start.
 */
async function doSwitch(
  room: OsRoom,
  esp: OsFiles,
  imageId: string,
  { isBack, withdrawn, setAside }: SwitchPlan,
): Promise<void> {
  const aside = (entry: EspEntry) =>
    renameEntry(esp, entry.file, countedName(entry.image?.imageId ?? entry.prefix, 0, 1))
  for (const entry of withdrawn)
    await renameEntry(esp, entry.file, hiddenName(entry.image?.imageId ?? entry.prefix))
  const others = isBack ? setAside.slice(0, -1) : setAside
  for (const entry of others) await aside(entry)
  await look(room, esp)
  const entry = entryOf(room.view, imageId)
  const usable =
    entry !== undefined && isUsable(entry)
      ? entry
      : room.view.entries.find((each) => each.isHidden && belongsTo(each, imageId))
  if (usable === undefined) throw new OsDiskError(`The ESP lost the kernel of image ${imageId}.`)
  await renameEntry(esp, usable.file, countedName(imageId, bootTries))
  const last = isBack ? setAside.at(-1) : undefined
  if (last !== undefined) await aside(last)
  await look(room, esp)
  const [next] = loaderOrder(room.view.entries)
  if (next === undefined || !belongsTo(next, imageId))
    throw new OsDiskError(
      `The loader would start ${next?.file ?? 'nothing'} and not image ${imageId}: check the ESP.`,
    )
}

/** Another image was to start next, and is not any more. */
async function stayHere(room: OsRoom): Promise<void> {
  const { pending } = room.history
  if (pending !== undefined)
    await record(room, { kind: 'Dropped', time: timeOf(room), imageId: pending.intent.imageId })
  await room.host.withEsp(async (esp) => {
    await look(room, esp)
    await repair(room, esp)
  })
}
