import { createHash } from 'node:crypto'
import { entryPath } from './esp-acts.ts'
import { copyName, forgetKnownImage, imagesDirectory, keepKnownImage } from './known-image.ts'
import { kernelBytesMax, writeBytes } from './limits.ts'
import type { OsFiles } from './os-host.ts'
import { type OsRoom, record, timeOf } from './os-room.ts'
import { type EspEntry, belongsTo, isUsable, knownOf, slotOf } from './os-view.ts'
import { makeDirectories } from './whole-file.ts'

/**
 * An image that came with the disk was never installed by us: its kernel is copied into data, so that its
 * entry can be made anew like any other's, and that it is good is written down.
 */
export async function keepSeenImages(room: OsRoom, esp: OsFiles): Promise<void> {
  const { view, host } = room
  if (!host.data.isDurable) return
  for (const entry of view.entries) {
    const { image } = entry
    if (entry.isHidden || !isUsable(entry) || image === undefined) continue
    if (slotOf(view, image.imageId) === undefined) continue
    const isNews = !room.history.blessed.has(image.imageId)
    const { condemned, decayed } = room.history
    const isBad = condemned.has(image.imageId) || decayed.has(image.imageId)
    if (entry.tries === undefined && isNews && !isBad)
      await record(room, { kind: 'Blessed', time: timeOf(room), imageId: image.imageId })
    if (knownOf(view, image.imageId)?.hasCopy !== true) await keepKernel(room, esp, entry)
  }
}

async function keepKernel({ host, view }: OsRoom, esp: OsFiles, entry: EspEntry): Promise<void> {
  const { image, version, sizeBytes, file } = entry
  if (image === undefined || sizeBytes > kernelBytesMax) return
  const { imageId, rootBytes } = image
  const known = knownOf(view, imageId)
  const directory = imagesDirectory(host.data)
  await makeDirectories(host.data.files, directory)
  const path = `${directory}/${copyName(imageId)}`
  const hash = createHash('sha256')
  {
    await using from = await esp.open(entryPath(file), 'existing')
    await using to = await host.data.files.open(`${path}.new`, 'create')
    for (let offset = 0; offset < sizeBytes; offset += writeBytes) {
      const bytes = await from.read(offset, writeBytes)
      hash.update(bytes)
      await to.write(offset, bytes)
    }
    await to.sync()
  }
  const kernel = { digest: `sha256:${hash.digest('hex')}`, sizeBytes }
  // What was signed counts for more than what is on the ESP.
  if (known !== undefined && known.kernel.digest !== kernel.digest) return
  await host.data.files.rename(`${path}.new`, path)
  await host.data.files.syncDirectory(directory)
  await keepKnownImage(host.data, {
    imageId,
    rootBytes,
    kernel,
    version: version ?? known?.version ?? '',
    digest: known?.digest,
    description: known?.description,
  })
}

/** Images that are in no slot and on no ESP take room in data and say nothing. */
export async function forgetLostImages({ view, history, host, running }: OsRoom): Promise<void> {
  const isBlind =
    view.espProblem !== undefined || view.slots.some(({ problem }) => problem !== undefined)
  if (isBlind || view.slots.length === 0) return
  for (const { imageId } of view.known) {
    const isNeeded =
      imageId === running.imageId ||
      imageId === history.openStep?.imageId ||
      history.outcomes.at(-1)?.imageId === imageId ||
      history.suspects.has(imageId) ||
      slotOf(view, imageId) !== undefined ||
      view.entries.some((entry) => belongsTo(entry, imageId))
    if (!isNeeded) await forgetKnownImage(host.data, imageId)
  }
}
