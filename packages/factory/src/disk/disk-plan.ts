import { type SlotName, espPaths, partitionLabels } from '@skerry/api/os/os-layout'
import {
  dataBytesDefault,
  dataBytesMin,
  diskBytesMax,
  entryNameCharactersMax,
  espBytesDefault,
  espBytesMin,
  mib,
  slotBytesMin,
  slotGrowthFactor,
} from './limits.ts'

/** Sizes in bytes; those that are missing follow from the images. */
export type DiskSizes = {
  readonly espBytes?: number | undefined
  readonly slotBytes?: number | undefined
  readonly dataBytes?: number | undefined
}

/** An image as far as the plan is concerned. */
export type PlannedImage = {
  readonly slot: SlotName
  /** Name of the loader's entry. */
  readonly entryName: string
  /** File system and verity tree. */
  readonly slotFileBytes: number
  readonly kernelBytes: number
}

export type DiskPlan = {
  readonly espBytes: number
  readonly slotBytes: number
  readonly dataBytes: number
}

export type DiskPlanResult =
  | { readonly ok: true; readonly plan: DiskPlan }
  | { readonly ok: false; readonly messages: readonly string[] }

/** `skerry-<first 12 of the id>[+left[-done]].efi`, as the loader counts. */
const entryNames = /^skerry-[0-9a-f]{12}(\+[0-9]{1,2}(-[0-9]{1,2})?)?\.efi$/

export function entryNameOf(imageId: string, triesLeft?: number): string {
  const counter = triesLeft === undefined ? '' : `+${triesLeft}`
  return `${espPaths.entryPrefix}${imageId.slice(0, 12)}${counter}.efi`
}

/** How large the partitions are, or everything that is wrong with what was asked for. */
export function planDisk(images: readonly PlannedImage[], sizes: DiskSizes): DiskPlanResult {
  const largest = Math.max(0, ...images.map(({ slotFileBytes }) => slotFileBytes))
  const plan = {
    espBytes: sizes.espBytes ?? espBytesDefault,
    slotBytes: sizes.slotBytes ?? Math.max(slotBytesMin, wholeMib(slotGrowthFactor * largest)),
    dataBytes: sizes.dataBytes ?? dataBytesDefault,
  }
  const messages = [
    ...sizeProblems(plan),
    ...images.flatMap((image) => imageProblems(image, plan)),
    ...repeated(images.map(({ slot }) => slot)).map((slot) => `two images are meant for ${slot}`),
    ...repeated(images.map(({ entryName }) => entryName)).map(
      (name) => `two images are called ${name}`,
    ),
  ]
  const kernels = images.reduce((sum, { kernelBytes }) => sum + kernelBytes, 0)
  // The next kernel must fit beside those that are there, and FAT needs room of its own.
  const needed = wholeMib(
    kernels + Math.max(0, ...images.map((image) => image.kernelBytes)) + 4 * mib,
  )
  if (needed > plan.espBytes)
    messages.push(
      `espBytes is ${plan.espBytes}, and these kernels and the next one need ${needed}: raise it`,
    )
  return messages.length === 0 ? { ok: true, plan } : { ok: false, messages }
}

function sizeProblems(plan: DiskPlan): string[] {
  const least = { espBytes: espBytesMin, slotBytes: mib, dataBytes: dataBytesMin }
  return (['espBytes', 'slotBytes', 'dataBytes'] as const).flatMap((name) => {
    const value = plan[name]
    if (
      Number.isSafeInteger(value) &&
      value >= least[name] &&
      value <= diskBytesMax &&
      value % mib === 0
    )
      return []
    return [
      `${name} must be whole MiB, at least ${least[name]} and at most ${diskBytesMax}, but is ${value}`,
    ]
  })
}

function imageProblems(image: PlannedImage, { slotBytes }: DiskPlan): string[] {
  const problems: string[] = []
  if (!partitionLabels.slots.includes(image.slot))
    problems.push(`${image.slot} is no slot: take one of ${partitionLabels.slots.join(', ')}`)
  if (!entryNames.test(image.entryName) || image.entryName.length > entryNameCharactersMax)
    problems.push(
      `entry name ${JSON.stringify(image.entryName)} must be skerry-<12 digits>[+left[-done]].efi`,
    )
  if (image.slotFileBytes > slotBytes)
    problems.push(
      `the image for ${image.slot} has ${image.slotFileBytes} bytes, and slotBytes is ${slotBytes}: raise slotBytes, or take packages out`,
    )
  return problems
}

const wholeMib = (bytes: number): number => Math.ceil(bytes / mib) * mib

const repeated = (values: readonly string[]): string[] =>
  values.filter((value, index) => values.indexOf(value) !== index)
