import type { DataPlace } from './os-host.ts'
import { readWhole, replaceFile } from './whole-file.ts'

/** How far the file system of an image was written to a slot, and is on its disk. */
export type InstallProgress = {
  readonly imageId: string
  readonly slot: string
  readonly doneBytes: number
}

const name = 'install.json'

export async function readProgress(place: DataPlace): Promise<InstallProgress | undefined> {
  const bytes = await readWhole(place.files, place.directory, name, 4096)
  if (bytes === undefined) return undefined
  try {
    const value = JSON.parse(Buffer.from(bytes).toString('utf8')) as Partial<InstallProgress> | null
    const isWhole =
      typeof value?.imageId === 'string' &&
      typeof value.slot === 'string' &&
      Number.isSafeInteger(value.doneBytes) &&
      value.doneBytes! >= 0
    return isWhole ? (value as InstallProgress) : undefined
  } catch {
    return undefined
  }
}

export const writeProgress = (place: DataPlace, progress: InstallProgress): Promise<void> =>
  replaceFile(place.files, place.directory, name, Buffer.from(JSON.stringify(progress)))

export async function clearProgress(place: DataPlace): Promise<void> {
  await place.files.remove(`${place.directory}/${name}`)
  await place.files.syncDirectory(place.directory)
}
