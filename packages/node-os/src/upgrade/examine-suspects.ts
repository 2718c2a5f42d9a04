import { bootStartsMax } from '@skerry/api/os/os-layout'
import { forgetBootStarts, readBootStarts } from './boot-starts.ts'
import { couldFallBack } from './end-trial.ts'
import { countedName, isExhausted } from './entry-name.ts'
import { renameEntry } from './esp-acts.ts'
import { type SlotFinding, judgeSuspect } from './judge-suspect.ts'
import { messageLengthMax } from './limits.ts'
import { OsDiskError } from './os-host.ts'
import type { OsRecord, SuspectRecord } from './os-record.ts'
import { type OsRoom, look, record, timeOf } from './os-room.ts'
import { entryOf, knownOf, slotOf, versionOf } from './os-view.ts'
import { doesSlotHold } from './write-root.ts'

/**
 * Writes down which images the initrd gave up although they had been good, before anything is tidied away. What
 * it counted of others that do not run says nothing any more.
 */
export async function noteSuspects(room: OsRoom): Promise<void> {
  const { view, host, running } = room
  for (const counted of await readBootStarts(host.data)) {
    const { imageId } = counted
    const { pending, setAside, condemned, suspects } = room.history
    const isTried = pending?.intent.imageId === imageId
    if (imageId === running.imageId || isTried) continue
    const entry = entryOf(view, imageId)
    const isGivenUp =
      entry !== undefined &&
      isExhausted(entry) &&
      counted.starts >= bootStartsMax &&
      !setAside.has(imageId) &&
      !condemned.has(imageId) &&
      !suspects.has(imageId)
    if (isGivenUp) await record(room, suspectOf(room, counted))
    await forgetBootStarts(host.data, imageId)
  }
  await noteRunning(room)
}

type Counted = Pick<SuspectRecord, 'imageId' | 'starts' | 'handovers' | 'resets' | 'words'>

function suspectOf(room: OsRoom, counted: Counted): SuspectRecord {
  const { imageId } = counted
  const panic = panicSince(room.journal.records, imageId)
  const digest = knownOf(room.view, imageId)?.digest
  return {
    kind: 'Suspect',
    time: timeOf(room),
    bootId: room.host.boot.bootId,
    version: versionOf(room.view, imageId) ?? imageId.slice(0, 12),
    ...(digest === undefined ? {} : { digest }),
    ...counted,
    ...(panic === undefined ? {} : { panic }),
  }
}

/** The kernel's last words since this image was last heard of. */
function panicSince(records: readonly OsRecord[], imageId: string): string | undefined {
  const heard = records.findLastIndex(
    (each) =>
      ('imageId' in each && each.imageId === imageId) ||
      (each.kind === 'Outcome' && each.outcome.imageId === imageId),
  )
  const panics = records.slice(heard + 1).filter((each) => each.kind === 'Panic')
  return (panics.find(({ text }) => /verity/i.test(text)) ?? panics[0])?.text
}

/** The running image started again after its kernel met a block that was not right: once for each such panic. */
async function noteRunning(room: OsRoom): Promise<void> {
  const { records } = room.journal
  const { imageId } = room.running
  const boots = records.filter((each) => each.kind === 'Boot')
  const [before, now] = boots.slice(-2)
  if (now?.bootId !== room.host.boot.bootId || before?.imageId !== imageId) return
  if (room.history.suspects.has(imageId) || room.history.pending?.intent.imageId === imageId) return
  const since = records.slice(records.lastIndexOf(now))
  const panic = since.find((each) => each.kind === 'Panic')
  const wasExamined = since.some(
    (each) => each.kind === 'Outcome' && each.outcome.imageId === imageId,
  )
  if (panic === undefined || wasExamined || !/verity/i.test(panic.text)) return
  const counted = { imageId, starts: 0, handovers: 0, resets: 0, words: '' }
  await record(room, { ...suspectOf(room, counted), panic: panic.text })
}

/** Reads the slots of all suspects, and writes down what that tells. Changes nothing else. */
export async function examineSuspects(room: OsRoom, signal: AbortSignal): Promise<void> {
  for (const suspect of room.history.suspects.values()) {
    const { imageId, version } = suspect
    room.log.info('The slot of an image that did not start is read', { version })
    const finding = await examineSlot(room, imageId, signal)
    const outcome = judgeSuspect({
      time: timeOf(room),
      suspect,
      finding,
      running: versionOf(room.view, room.running.imageId) ?? room.running.imageId.slice(0, 12),
    })
    const message = outcome.message.slice(0, messageLengthMax)
    const { bootId } = room.host.boot
    await record(room, { kind: 'Outcome', bootId, outcome: { ...outcome, message } })
    room.log.info('What happened to an image', { version, message })
  }
}

async function examineSlot(
  { view, host, running }: OsRoom,
  imageId: string,
  signal: AbortSignal,
): Promise<SlotFinding> {
  const slot = host.slots.find(({ name }) => name === slotOf(view, imageId)?.name)
  const words = imageId === running.imageId ? running : entryOf(view, imageId)?.image
  const description = knownOf(view, imageId)?.description
  const root = words ?? (description && { ...description, rootBytes: description.root.sizeBytes })
  if (slot === undefined || root === undefined) return 'Decayed'
  const image = { root: { sizeBytes: root.rootBytes }, rootHash: root.rootHash }
  try {
    const dropCaches = () => host.dropCaches()
    return (await doesSlotHold(slot, image, { signal, dropCaches })) ? 'Sound' : 'Decayed'
  } catch (error) {
    if (error instanceof OsDiskError) return 'Decayed'
    throw error
  }
}

/**
 * The running image's own slot decayed: it is left for another, and then written anew. Whether it was left; where
 * no other could start, what still works is kept.
 */
export async function leaveDecayed(room: OsRoom): Promise<boolean> {
  const { imageId } = room.running
  if (!room.history.decayed.has(imageId)) return false
  return await room.host.withEsp(async (esp) => {
    await look(room, esp)
    const entry = entryOf(room.view, imageId)
    if (entry === undefined || isExhausted(entry) || !couldFallBack(room.view)) return false
    await renameEntry(esp, entry.file, countedName(imageId, 0, 1))
    return true
  })
}
