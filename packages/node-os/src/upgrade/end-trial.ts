import { verityBlockBytes } from '@skerry/api/os/os-layout'
import { blessedName, countedName, triesGiven } from './entry-name.ts'
import { bringKernel } from './install-image.ts'
import { renameEntry } from './esp-acts.ts'
import { messageLengthMax } from './limits.ts'
import { OsDiskError } from './os-host.ts'
import { type OsRoom, look, record, timeOf } from './os-room.ts'
import { type OsView, belongsTo, entryOf, isUsable, knownOf, slotOf } from './os-view.ts'
import { Refused } from './refused.ts'
import { judge } from './tell-truth.ts'

/** The running image is kept: its entry is not counted any more. */
export async function blessRunning(room: OsRoom): Promise<void> {
  const { imageId } = room.running
  await room.host.withEsp(async (esp) => {
    await look(room, esp)
    const entry = entryOf(room.view, imageId)
    if (entry !== undefined && isUsable(entry))
      await renameEntry(esp, entry.file, blessedName(imageId))
    else {
      const image = knownOf(room.view, imageId)
      if (image === undefined)
        throw new OsDiskError(
          'The ESP has no entry for the running image, and no copy of its kernel is kept: install it anew.',
        )
      const hidden = await bringKernel(room, esp, image)
      if (hidden !== undefined) await renameEntry(esp, hidden.file, blessedName(imageId))
    }
    await look(room, esp)
  })
  await judge(room)
  if (!room.history.blessed.has(imageId))
    await record(room, { kind: 'Blessed', time: timeOf(room), imageId })
}

/**
 * The verdict, then the end of its tries: a machine that fell back at once is in service sooner, and what
 * was found is not found three times. If the ESP refuses, the loader's own count does the same, later.
 */
export async function condemnRunning(room: OsRoom, message: string): Promise<void> {
  const { imageId } = room.running
  await room.host.withEsp(async (esp) => {
    await look(room, esp)
    if (!couldFallBack(room.view))
      throw new Refused(
        'Disk',
        'No other image on this machine could start, so that this one is kept although it is not healthy: install another.',
      )
    try {
      await record(room, {
        kind: 'Verdict',
        time: timeOf(room),
        bootId: room.host.boot.bootId,
        imageId,
        message: message.slice(0, messageLengthMax),
      })
    } catch (error) {
      // A machine that cannot write must not stay on an image that is not well.
      if (!(error instanceof OsDiskError)) throw error
      room.log.error('The verdict could not be written', { error: error.message })
    }
    const entry = entryOf(room.view, imageId)
    if (entry?.tries === undefined) return
    try {
      await renameEntry(esp, entry.file, countedName(imageId, 0, triesGiven(entry)))
    } catch (error) {
      if (!(error instanceof OsDiskError)) throw error
      room.log.error('The tries of an image could not be ended', { error: error.message })
    }
  })
}

/** Whether the loader would find another image in a slot. */
export function couldFallBack(view: OsView): boolean {
  return view.entries.some(
    (entry) =>
      !entry.isHidden &&
      isUsable(entry) &&
      !belongsTo(entry, view.running.imageId) &&
      entry.image !== undefined &&
      entry.image.rootBytes % verityBlockBytes === 0 &&
      slotOf(view, entry.image.imageId) !== undefined,
  )
}
