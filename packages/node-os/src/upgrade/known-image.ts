import {
  type OsImageDescription,
  osImageDescriptionSchema,
} from '@skerry/api/os/os-image-description'
import { validateSchema } from '@skerry/api/schema-validate'
import type { Log } from '@skerry/base/log'
import { imagesKeptMax } from './limits.ts'
import { type DataPlace, OsDiskError } from './os-host.ts'
import { makeDirectories, readWhole, replaceFile } from './whole-file.ts'

/** An image of which something is kept in data. */
export type KnownImage = {
  readonly imageId: string
  readonly version: string
  /** Of its manifest; an image that came with the disk has none. */
  readonly digest?: string | undefined
  readonly rootBytes: number
  readonly kernel: { readonly digest: string; readonly sizeBytes: number }
  /** What its maker signed. */
  readonly description?: OsImageDescription | undefined
  /** A copy of its kernel is beside this, whole by its size. */
  readonly hasCopy: boolean
}

export const imagesDirectory = (place: DataPlace): string => `${place.directory}/images`
export const copyName = (imageId: string): string => `${imageId}.efi`
const recordBytesMax = 64 * 1024

export async function readKnownImages(place: DataPlace, log: Log): Promise<KnownImage[]> {
  const directory = imagesDirectory(place)
  const found: KnownImage[] = []
  const entries = await place.files.list(directory)
  for (const { name } of entries) {
    if (!/^[0-9a-f]{32}\.json$/.test(name) || found.length >= 2 * imagesKeptMax) continue
    try {
      const bytes = await readWhole(place.files, directory, name, recordBytesMax)
      const image = parseKnownImage(Buffer.from(bytes ?? []).toString('utf8'))
      if (image?.imageId !== name.slice(0, 32)) continue
      const copy = entries.find((each) => each.name === copyName(image.imageId))
      found.push({ ...image, hasCopy: copy?.sizeBytes === image.kernel.sizeBytes })
    } catch (error) {
      if (!(error instanceof OsDiskError)) throw error
      log.warn('What is known of an image cannot be read', { name, error: error.message })
    }
  }
  return found
}

export async function keepKnownImage(
  place: DataPlace,
  image: Omit<KnownImage, 'hasCopy'>,
): Promise<void> {
  const directory = imagesDirectory(place)
  await makeDirectories(place.files, directory)
  await replaceFile(
    place.files,
    directory,
    `${image.imageId}.json`,
    Buffer.from(`${JSON.stringify(image)}\n`),
  )
}

/** The description last: what is named is there. */
export async function forgetKnownImage(place: DataPlace, imageId: string): Promise<void> {
  const directory = imagesDirectory(place)
  await place.files.remove(`${directory}/${copyName(imageId)}`)
  await place.files.remove(`${directory}/${imageId}.json`)
  await place.files.syncDirectory(directory)
}

function parseKnownImage(text: string): Omit<KnownImage, 'hasCopy'> | undefined {
  try {
    const value = JSON.parse(text) as Partial<KnownImage> | null
    if (value === null || typeof value !== 'object') return undefined
    const { imageId, version, digest, rootBytes, kernel, description } = value
    const isWhole =
      typeof imageId === 'string' &&
      typeof version === 'string' &&
      (digest === undefined || typeof digest === 'string') &&
      Number.isSafeInteger(rootBytes) &&
      typeof kernel?.digest === 'string' &&
      Number.isSafeInteger(kernel.sizeBytes)
    if (!isWhole) return undefined
    const isDescribed =
      description !== undefined &&
      validateSchema(osImageDescriptionSchema, description, 'description').length === 0
    return {
      imageId,
      version,
      digest,
      rootBytes: rootBytes!,
      kernel,
      description: isDescribed ? description : undefined,
    }
  } catch {
    return undefined
  }
}
