import { open, readFile, readdir, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { partitionLabels } from '@skerry/api/os/os-layout'
import { type OpenSlot, type SlotDevice, OsDiskError } from './os-host.ts'
import { onDisk, readUpTo, writeAll } from './real-files.ts'

/** A partition with a label, as the kernel shows it; no udev is needed. */
export type Partition = {
  readonly label: string
  /** vda2. */
  readonly device: string
  /** vda. */
  readonly disk: string
  readonly sizeBytes: number
}

const kernelSectorBytes = 512

/** Partitions of one disk, or of all where it is not known which. */
export async function readPartitions(
  directory: string,
  disk: string | undefined,
): Promise<Partition[]> {
  const found: Partition[] = []
  for (const device of await readdir(directory).catch(() => [])) {
    const event = await readFile(`${directory}/${device}/uevent`, 'utf8').catch(() => '')
    const label = /^PARTNAME=(.*)$/m.exec(event)?.[1]
    if (label === undefined) continue
    const link = await readlink(`${directory}/${device}`).catch(() => '')
    const owner = basename(link.slice(0, Math.max(0, link.lastIndexOf('/'))))
    const sectors = Number(await readFile(`${directory}/${device}/size`, 'utf8').catch(() => '0'))
    if (disk === undefined || disk === '' || owner === disk)
      found.push({ label, device, disk: owner, sizeBytes: sectors * kernelSectorBytes })
  }
  return found
}

/** The slots of a machine, in order of their names. A label that stands twice is taken once. */
export function slotsOf(partitions: readonly Partition[], devices = '/dev'): SlotDevice[] {
  return partitionLabels.slots.flatMap((name) => {
    const partition = partitions.find(({ label }) => label === name)
    if (partition === undefined) return []
    const { device, sizeBytes } = partition
    return [{ name, device, sizeBytes, open: () => openSlot(`${devices}/${device}`) }]
  })
}

async function openSlot(path: string): Promise<OpenSlot> {
  const handle = await onDisk(path, () => open(path, 'r+'))
  return {
    read: (offset, sizeBytes) =>
      onDisk(path, async () => {
        const bytes = await readUpTo(handle, offset, sizeBytes)
        if (bytes.length < sizeBytes)
          throw new OsDiskError(`${path} ends before byte ${offset + sizeBytes}.`)
        return bytes
      }),
    write: (offset, bytes) => onDisk(path, () => writeAll(handle, offset, bytes)),
    sync: () => onDisk(path, () => handle.datasync()),
    // The last one that closes a block device also drops what the kernel remembers of it.
    [Symbol.asyncDispose]: () => onDisk(path, () => handle.close()),
  }
}
