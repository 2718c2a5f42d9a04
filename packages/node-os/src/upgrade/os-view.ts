import { espPaths, type SlotName, verityBlockBytes } from '@skerry/api/os/os-layout'
import { parseVeritySuperblock } from '@skerry/artifact/verity-superblock'
import type { ImageWords } from './command-line.ts'
import { isTornName, parseEntryName, prefixOf } from './entry-name.ts'
import type { KnownImage } from './known-image.ts'
import { espFilesMax } from './limits.ts'
import type { LoaderEntry } from './loader-order.ts'
import { type OsFiles, OsDiskError, type OsHost, type SlotDevice } from './os-host.ts'
import { readUki } from './uki.ts'

/** A file of ours in the directory of the loader's entries. */
export type EspEntry = LoaderEntry & {
  readonly image?: ImageWords | undefined
  readonly certificates?: Uint8Array | undefined
}

export type SlotView = {
  readonly name: SlotName
  readonly sizeBytes: number
  /** Images whose superblock is where it belongs. */
  readonly imageIds: readonly string[]
  readonly isRunning: boolean
  /** Why nobody can tell what it holds. */
  readonly problem?: string | undefined
}

/** What is on the disks, read anew. */
export type OsView = {
  readonly running: ImageWords
  readonly entries: readonly EspEntry[]
  readonly slots: readonly SlotView[]
  readonly known: readonly KnownImage[]
  /** Kernels that were being written and are no use any more, and names that a power cut tore. */
  readonly leftovers: readonly string[]
  /** Why the ESP could not be read. */
  readonly espProblem?: string | undefined
}

export async function readEntries(files: OsFiles): Promise<EspEntry[]> {
  const found: EspEntry[] = []
  for (const { name, isDirectory, sizeBytes } of await files.list(`/${espPaths.entries}`)) {
    const parsed = isDirectory ? undefined : parseEntryName(name)
    if (parsed === undefined || found.length >= espFilesMax) continue
    const words = await readWords(files, name, sizeBytes)
    found.push({ ...parsed, sizeBytes, ...words })
  }
  return found
}

/** Names of ours that say nothing: of what was being written, and what a power cut left of others. */
export async function readLeftovers(files: OsFiles): Promise<string[]> {
  const entries = await files.list(`/${espPaths.entries}`)
  return entries
    .filter(({ isDirectory }) => !isDirectory)
    .map(({ name }) => name)
    .filter((name) => name.startsWith(espPaths.temporaryPrefix) || isTornName(name))
    .filter((name) => parseEntryName(name) === undefined)
}

async function readWords(files: OsFiles, name: string, sizeBytes: number) {
  if (sizeBytes === 0) return undefined
  try {
    await using file = await files.open(`/${espPaths.entries}/${name}`, 'existing')
    return await readUki((offset, length) => file.read(offset, length), sizeBytes)
  } catch (error) {
    // A file that cannot be read is one that the loader cannot start.
    if (error instanceof OsDiskError) return undefined
    throw error
  }
}

/** Where each of these images is, by the superblock that carries its id. */
export async function readSlots(
  host: OsHost,
  running: ImageWords,
  images: readonly Pick<ImageWords, 'imageId' | 'rootBytes'>[],
): Promise<SlotView[]> {
  const views: SlotView[] = []
  for (const slot of host.slots) {
    const { name, device, sizeBytes } = slot
    const said = host.boot.runningSlot?.trim()
    const isSaid = said !== undefined && [name, device, `/dev/${device}`].includes(said)
    try {
      const imageIds = await imagesIn(slot, images)
      const isRunning = isSaid || imageIds.includes(running.imageId)
      views.push({ name, sizeBytes, imageIds, isRunning })
    } catch (error) {
      if (!(error instanceof OsDiskError)) throw error
      views.push({ name, sizeBytes, imageIds: [], isRunning: isSaid, problem: error.message })
    }
  }
  return views
}

async function imagesIn(
  slot: SlotDevice,
  images: readonly Pick<ImageWords, 'imageId' | 'rootBytes'>[],
): Promise<string[]> {
  await using open = await slot.open()
  const found = new Set<string>()
  for (const { imageId, rootBytes } of images) {
    if (rootBytes + verityBlockBytes > slot.sizeBytes) continue
    const block = parseVeritySuperblock(await open.read(rootBytes, verityBlockBytes))
    if (block?.imageId === imageId && block.dataBytes === rootBytes) found.add(imageId)
  }
  return [...found]
}

/** Everything that says where an image's superblock would be. */
export function imagesNamed(
  running: ImageWords,
  entries: readonly EspEntry[],
  known: readonly KnownImage[],
): Pick<ImageWords, 'imageId' | 'rootBytes'>[] {
  const named = new Map<string, Pick<ImageWords, 'imageId' | 'rootBytes'>>()
  for (const image of [running, ...known, ...entries.map((entry) => entry.image)])
    if (image !== undefined) named.set(`${image.imageId} ${image.rootBytes}`, image)
  return [...named.values()]
}

/** The visible entry of an image, the one that the loader would take of several. */
export function entryOf(view: Pick<OsView, 'entries'>, imageId: string): EspEntry | undefined {
  const all = view.entries.filter((entry) => !entry.isHidden && belongsTo(entry, imageId))
  return all.find(isUsable) ?? all[0]
}

export function hiddenOf(view: Pick<OsView, 'entries'>, imageId: string): EspEntry | undefined {
  return view.entries.find((entry) => entry.isHidden && belongsTo(entry, imageId))
}

/** Whether the loader can read it. */
export const isUsable = (entry: EspEntry): boolean =>
  entry.sizeBytes > 0 && entry.version !== undefined

export function belongsTo(entry: EspEntry, imageId: string): boolean {
  return entry.image === undefined
    ? entry.prefix === prefixOf(imageId)
    : entry.image.imageId === imageId
}

export function slotOf(view: Pick<OsView, 'slots'>, imageId: string): SlotView | undefined {
  return view.slots.find(({ imageIds }) => imageIds.includes(imageId))
}

export function knownOf(view: Pick<OsView, 'known'>, imageId: string): KnownImage | undefined {
  return view.known.find((image) => image.imageId === imageId)
}

/** Its version, from what its kernel says or from what is kept of it. */
export function versionOf(view: OsView, imageId: string): string | undefined {
  return (
    knownOf(view, imageId)?.version ??
    view.entries.find((entry) => belongsTo(entry, imageId))?.version
  )
}

/** Ids of all images that something is known of; an entry that cannot be read has none. */
export function imageIdsOf(view: OsView): string[] {
  const ids = new Set([view.running.imageId, ...view.known.map(({ imageId }) => imageId)])
  for (const { image } of view.entries) if (image !== undefined) ids.add(image.imageId)
  return [...ids]
}
