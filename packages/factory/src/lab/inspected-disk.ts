import type { FatHealth } from './fat-health.ts'
import type { EntryCounter, LoaderEntry } from '@skerry/api/os/loader-order'

/** What the next boot would find on a disk. */
export type InspectedDisk = {
  /** Why nothing can be started at all. */
  readonly problem?: string | undefined
  /** The first copy of the partition table is broken; the firmware takes the other. */
  readonly isTableFromBackup: boolean
  readonly health?: FatHealth | undefined
  /** Loaders that are not what they were. */
  readonly brokenLoaders: readonly string[]
  /** In the loader's order: the first is started. */
  readonly entries: readonly InspectedEntry[]
  /** In EFI/Linux and not seen by the loader. */
  readonly leftovers: readonly string[]
  readonly slots: readonly InspectedSlot[]
  readonly data: string
}

export type InspectedEntry = LoaderEntry &
  EntryCounter & {
    readonly sizeBytes: number
    /** Id of the image whose kernel this is, whole. */
    readonly imageId?: string | undefined
    /** The slot that the initrd would take. */
    readonly slot?: string | undefined
    /** Why it does not boot. */
    readonly problem?: string | undefined
  }

export type InspectedSlot = {
  readonly name: string
  /** The images whose superblock is where they look for it. */
  readonly imageIds: readonly string[]
}

/** What must hold after each power cut: sentences that say what does not. */
export type CutRule = (disk: InspectedDisk) => readonly string[]

/** The firmware finds a loader, and what the loader starts first is whole, kernel and slot. */
export const bootsKnownImage: CutRule = (disk) => {
  if (disk.problem !== undefined) return [disk.problem]
  const [chosen] = disk.entries
  return [
    ...disk.brokenLoaders.map((path) => `the loader ${path} is not whole`),
    ...(chosen === undefined ? ['the loader finds no entry'] : []),
    ...(chosen?.problem === undefined
      ? []
      : [`${chosen.fileName} is started and ${chosen.problem}`]),
  ]
}

/** Beyond that, no entry that the loader sees is broken, first or not. */
export const everyEntryBoots: CutRule = (disk) => [
  ...bootsKnownImage(disk),
  ...disk.entries
    .slice(1)
    .flatMap(({ fileName, problem }) => (problem === undefined ? [] : [`${fileName} ${problem}`])),
]

/** One line for people: what would be started, what else there is, and the state of the file systems. */
export function describeDisk(disk: InspectedDisk): string {
  if (disk.problem !== undefined) return disk.problem
  const entries = disk.entries.map(({ fileName, slot, problem }) =>
    problem === undefined ? `${fileName} on ${slot}` : `${fileName} (${problem})`,
  )
  const { health } = disk
  const fat = [
    ...(health?.problems ?? []).slice(0, 3),
    ...((health?.lostClusters ?? 0) > 0 ? [`${health?.lostClusters} lost clusters`] : []),
    ...((health?.differingCopies ?? 0) > 0 ? ['copies of the table differ'] : []),
    ...(health?.isDirty ? ['dirty'] : []),
  ]
  return [
    `entries [${entries.join(', ')}]`,
    ...(disk.leftovers.length > 0 ? [`leftovers [${disk.leftovers.join(', ')}]`] : []),
    ...disk.brokenLoaders.map((path) => `broken ${path}`),
    `fat: ${fat.join(', ') || 'clean'}`,
    `data: ${disk.data}`,
  ].join('; ')
}
