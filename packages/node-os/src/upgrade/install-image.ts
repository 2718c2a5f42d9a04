import type { OsImageDescription } from '@skerry/api/os/os-image-description'
import { checkKernel } from './check-kernel.ts'
import { chooseSlot } from './choose-slot.ts'
import { isExhausted } from './entry-name.ts'
import { digestOfFile, entryPath, removeEntry, writeHiddenKernel } from './esp-acts.ts'
import { assertSpace } from './esp-space.ts'
import { fetchKernel } from './fetch-kernel.ts'
import { clearProgress, readProgress, writeProgress } from './install-progress.ts'
import { forgetKnownImage } from './known-image.ts'
import { loaderOrder } from './loader-order.ts'
import { type OsFiles, OsDiskError, type SlotDevice } from './os-host.ts'
import type { InstallRequest } from './os-machine.ts'
import { type InstallStep, installSteps } from './os-record.ts'
import { type OsRoom, look, record, timeOf } from './os-room.ts'
import { type EspEntry, type OsView, belongsTo, hiddenOf, slotOf } from './os-view.ts'
import { Refused } from './refused.ts'
import { doesSlotHold, invalidateSlot, writeRoot, writeSuperblock } from './write-root.ts'

export type InstallJob = {
  readonly request: InstallRequest
  readonly description: OsImageDescription
  readonly slot: SlotDevice
  readonly signal: AbortSignal
}

/**
 * The steps of an installation, each durable before the next and in the journal before it begins. Nothing
 * that is done here changes what the machine starts next. Throws `Refused` or `OsDiskError`.
 */
export async function installImage(
  room: OsRoom,
  request: InstallRequest,
  description: OsImageDescription,
  signal: AbortSignal,
): Promise<void> {
  const slot = await slotFor(room, description)
  const job = { request, description, slot, signal }
  const { host } = room
  await step(room, job, 'fetching its kernel')
  await room.host.withEsp(async (esp) => {
    await look(room, esp)
    await assertSpace(esp, neededBytes(room.view, description), freedBytes(room.view, job))
  })
  await fetchKernel(host.data, request, description, signal)
  await checkKernel(host.data, description)
  const dropCaches = () => host.dropCaches()
  const isThere =
    slotOf(room.view, description.imageId)?.name === slot.name &&
    (await doesSlotHold(slot, description, { signal, dropCaches }))
  if (!isThere) await fillSlot(room, job)
  await step(room, job, 'bringing its kernel onto the ESP')
  await host.withEsp(async (esp) => {
    await look(room, esp)
    await bringKernel(room, esp, description)
    await look(room, esp)
  })
  await clearProgress(host.data)
  await record(room, { kind: 'Installed', time: timeOf(room), imageId: description.imageId })
  const totalBytes = description.root.sizeBytes + description.kernel.sizeBytes
  request.onProgress(totalBytes, totalBytes)
}

async function slotFor(room: OsRoom, { imageId, slotBytes }: OsImageDescription) {
  const { view, history } = room
  const progress = await readProgress(room.host.data)
  const choice = chooseSlot({
    slots: view.slots,
    imageId,
    needBytes: slotBytes,
    fallback: fallbackOf(view),
    begun: progress?.imageId === imageId ? progress.slot : undefined,
    worst: worstFirst(view, [...history.decayed, ...history.condemned.keys()]),
  })
  if (!choice.ok) throw new Refused(choice.reason, choice.message)
  return room.host.slots.find(({ name }) => name === choice.slot)!
}

/** The newest image that was found good and does not run. */
export function fallbackOf(view: OsView): string | undefined {
  const [newest] = loaderOrder(view.entries).filter(
    ({ tries, image }) =>
      tries === undefined &&
      image !== undefined &&
      image.imageId !== view.running.imageId &&
      slotOf(view, image.imageId) !== undefined,
  )
  return newest?.image?.imageId
}

/** In which order images may go: what failed, what the loader does not see, the oldest good one. */
function worstFirst(view: OsView, condemned: readonly string[]): string[] {
  const visible = loaderOrder(view.entries).toReversed()
  const ids = visible.map(({ image }) => image?.imageId).filter((id) => id !== undefined)
  const unseen = view.known.map(({ imageId }) => imageId).filter((id) => !ids.includes(id))
  const exhausted = visible.filter(isExhausted).map(({ image }) => image?.imageId ?? '')
  return [...new Set([...condemned, ...unseen, ...exhausted, ...ids])]
}

/** Slot and its entries first, so that no entry ever names a slot that is half written. */
async function fillSlot(room: OsRoom, job: InstallJob): Promise<void> {
  const { host } = room
  const { description, slot, signal } = job
  const { imageId } = description
  const progress = await readProgress(host.data)
  const isBegun = progress?.imageId === imageId && progress.slot === slot.name
  if (!isBegun || room.view.entries.some((entry) => isVictim(room.view, job, entry)))
    await emptySlot(room, job)
  const dropCaches = () => host.dropCaches()
  const write = async (startBytes: number): Promise<void> => {
    await step(room, job, 'writing its file system')
    await writeRoot({
      slot,
      description,
      signal,
      startBytes,
      dropCaches,
      source: job.request.source,
      progressBytes: room.progressBytes,
      onSynced: (doneBytes) => writeProgress(host.data, { imageId, slot: slot.name, doneBytes }),
      onProgress: (doneBytes) =>
        job.request.onProgress(
          doneBytes,
          description.root.sizeBytes + description.kernel.sizeBytes,
        ),
    })
  }
  const startBytes = isBegun ? Math.min(progress.doneBytes, description.root.sizeBytes) : 0
  try {
    await write(startBytes)
  } catch (error) {
    if (!(error instanceof Refused) || error.reason !== 'Digest') throw error
    await clearProgress(host.data)
    // What a cut left may be the disk's fault, not the image's: once more from the first byte.
    if (startBytes === 0) throw error
    await write(0)
  }
  await step(room, job, 'reading its slot back')
  if (!(await doesSlotHold(slot, description, { signal, dropCaches }))) {
    await clearProgress(host.data)
    throw new OsDiskError(`${slot.name} does not give back what was written: replace its disk.`)
  }
  await writeSuperblock(slot, description, dropCaches)
}

/** Step 1 before step 2: an entry whose slot is half overwritten would be one that cannot start. */
async function emptySlot(room: OsRoom, job: InstallJob): Promise<void> {
  const { host } = room
  const { slot, description } = job
  await step(room, job, 'removing what is in its slot')
  const gone = room.view.slots.find(({ name }) => name === slot.name)?.imageIds ?? []
  const { pending } = room.history
  if (pending !== undefined && gone.includes(pending.intent.imageId))
    await record(room, { kind: 'Dropped', time: timeOf(room), imageId: pending.intent.imageId })
  await host.withEsp(async (esp) => {
    for (const entry of room.view.entries)
      if (isVictim(room.view, job, entry)) await removeEntry(esp, entry.file)
  })
  const places = [...room.view.known, ...room.view.entries.map(({ image }) => image)]
    .filter((image) => image !== undefined)
    .filter(({ imageId }) => gone.includes(imageId))
    .map(({ rootBytes }) => rootBytes)
  await invalidateSlot(slot, [...new Set([...places, description.root.sizeBytes])])
  for (const imageId of gone)
    if (imageId !== description.imageId) await forgetKnownImage(host.data, imageId)
  await writeProgress(host.data, {
    imageId: description.imageId,
    slot: slot.name,
    doneBytes: 0,
  })
}

/** An entry that would lead nowhere once the slot is written. */
function isVictim(view: OsView, { slot, description }: InstallJob, entry: EspEntry): boolean {
  const { image } = entry
  if (image === undefined || image.imageId === view.running.imageId) return false
  if (image.imageId === description.imageId) return !entry.isHidden
  const holder = slotOf(view, image.imageId)
  return holder === undefined || holder.name === slot.name
}

function freedBytes(view: OsView, job: InstallJob): number {
  const isThere = slotOf(view, job.description.imageId) !== undefined
  return view.entries
    .filter((entry) => !isThere && isVictim(view, job, entry))
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}

/** What is there under any of its names needs no room any more. */
function neededBytes(view: OsView, { imageId, kernel }: OsImageDescription): number {
  const there = view.entries.filter((entry) => belongsTo(entry, imageId))
  return Math.max(0, kernel.sizeBytes - Math.max(0, ...there.map(({ sizeBytes }) => sizeBytes)))
}

/** Its kernel is on the ESP, hidden or as an entry, with the digest that was signed. */
export async function bringKernel(
  room: OsRoom,
  esp: OsFiles,
  { imageId, kernel }: Pick<OsImageDescription, 'imageId' | 'kernel'>,
): Promise<EspEntry | undefined> {
  const mine = room.view.entries.filter((entry) => belongsTo(entry, imageId))
  for (const entry of mine)
    if (
      entry.sizeBytes === kernel.sizeBytes &&
      (await digestOfFile(esp, entryPath(entry.file))) === kernel.digest
    )
      return entry
  await writeHiddenKernel(room.host, esp, { imageId, kernel })
  await look(room, esp)
  return hiddenOf(room.view, imageId)
}

async function step(room: OsRoom, job: InstallJob, name: InstallStep): Promise<void> {
  const { description, request, slot } = job
  room.log.info('A step of installing an image begins', {
    step: installSteps.indexOf(name) + 1,
    name,
    version: description.version,
    slot: slot.name,
  })
  await record(room, {
    kind: 'Step',
    time: timeOf(room),
    bootId: room.host.boot.bootId,
    imageId: description.imageId,
    version: description.version,
    digest: request.digest,
    slot: slot.name,
    step: name,
  })
}
