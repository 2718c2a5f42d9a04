import { espPaths, verityBlockBytes } from '@skerry/api/os/os-layout'
import { digestOf } from '@skerry/artifact/digest-of'
import { parseVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { isUsable, readEntries } from '../upgrade/os-view.ts'
import { loaderOrder } from '../upgrade/loader-order.ts'
import { countedName } from '../upgrade/entry-name.ts'
import { countStart } from './simulated-initrd.ts'
import type { FakeImage } from './fake-image.ts'
import type { SimulatedFiles } from './simulated-files.ts'
import type { SimulatedSlot } from './simulated-slot.ts'

/** How a start by firmware and loader ended, before any user space of ours. */
export type StartAttempt =
  | { readonly started: FakeImage; readonly slot: string }
  | { readonly failed: string; readonly imageId?: string | undefined }

export type LoaderFacts = {
  readonly esp: SimulatedFiles
  readonly slots: readonly SimulatedSlot[]
  readonly images: readonly FakeImage[]
  /** The firmware's answer to a kernel. */
  readonly isRefused: (image: FakeImage) => boolean
  /** Undefined where it cannot be written. */
  readonly data: SimulatedFiles | undefined
  /** The watchdog ended the start before. */
  readonly wasReset: boolean
}

/**
 * One start as systemd-boot makes it: the best entry, counted by a rename before it is loaded, and then what
 * the initrd finds. A failed one restarts the machine.
 */
export async function startOnce(facts: LoaderFacts): Promise<StartAttempt> {
  const { esp, slots, images, isRefused } = facts
  const entries = await readEntries(esp)
  const [entry] = loaderOrder(entries.filter(isUsable))
  if (entry === undefined) return { failed: 'the loader found no entry' }
  const path = `/${espPaths.entries}/${entry.file}`
  const bytes = esp.content().get(path)!
  if (entry.tries !== undefined) {
    const { left, done } = entry.tries
    const name = countedName(entry.prefix, Math.max(0, left - 1), done + 1)
    esp.put(path, undefined)
    esp.put(`/${espPaths.entries}/${name}`, bytes)
  }
  const image = images.find(({ description }) => description.kernel.digest === digestOf(bytes))
  if (image === undefined)
    return { failed: `${entry.file} is no kernel that anybody made`, imageId: entry.image?.imageId }
  const { imageId, version, root } = image.description
  if (isRefused(image)) return { failed: `${version} was refused by the firmware`, imageId }
  if (await countStart({ ...facts, imageId, isCounted: entry.tries !== undefined }))
    return { failed: `${version} was given up by its initrd`, imageId }
  const slot = slots.find((each) => {
    const block = each.bytes.subarray(root.sizeBytes, root.sizeBytes + verityBlockBytes)
    return parseVeritySuperblock(block)?.imageId === imageId
  })
  if (slot === undefined) return { failed: `no slot holds ${version}`, imageId }
  if (!Buffer.from(slot.bytes).subarray(0, image.slot.length).equals(image.slot))
    return { failed: `${version} in ${slot.name} is corrupted`, imageId }
  return { started: image, slot: slot.device }
}
