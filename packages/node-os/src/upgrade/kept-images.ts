import { createHash } from 'node:crypto'
import { entryPath } from './esp-acts.ts'
import { copyName, forgetKnownImage, imagesDirectory, keepKnownImage } from './known-image.ts'
import { kernelBytesMax, writeBytes } from './limits.ts'
import type { OsFiles } from './os-host.ts'
import { type OsRoom, record, timeOf } from './os-room.ts'
import { belongsTo, entryOf, isUsable, knownOf, slotOf } from './os-view.ts'
import { makeDirectories } from './whole-file.ts'

/**
 * The image that came with the disk was never installed by us: its kernel is copied into data, so that its
 * entry can be made anew like any other's, and that it is good is written down.
 */
export async function keepRunningImage(room: OsRoom, esp: OsFiles): Promise<void> {
  const { view, history, running, host } = room
  const { imageId, rootBytes } = running
  const entry = entryOf(view, imageId)
  if (entry === undefined || !isUsable(entry)) return
  if (entry.tries === undefined && !history.blessed.has(imageId))
    await record(room, { kind: 'Blessed', time: timeOf(room), imageId })
  const known = knownOf(view, imageId)
  if (known?.hasCopy === true || !host.data.isDurable || entry.sizeBytes > kernelBytesMax) return
  const directory = imagesDirectory(host.data)
  await makeDirectories(host.data.files, directory)
  const path = `${directory}/${copyName(imageId)}`
  const hash = createHash('sha256')
  {
    await using from = await esp.open(entryPath(entry.file), 'existing')
    await using to = await host.data.files.open(`${path}.new`, 'create')
    for (let offset = 0; offset < entry.sizeBytes; offset += writeBytes) {
      const bytes = await from.read(offset, writeBytes)
      hash.update(bytes)
      await to.write(offset, bytes)
    }
    await to.sync()
  }
  await host.data.files.rename(`${path}.new`, path)
  await host.data.files.syncDirectory(directory)
  const kernel = { digest: `sha256:${hash.digest('hex')}`, sizeBytes: entry.sizeBytes }
  await keepKnownImage(host.data, {
    imageId,
    rootBytes,
    kernel,
    version: entry.version ?? known?.version ?? '',
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
      slotOf(view, imageId) !== undefined ||
      view.entries.some((entry) => belongsTo(entry, imageId))
    if (!isNeeded) await forgetKnownImage(host.data, imageId)
  }
}
