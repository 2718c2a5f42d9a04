import type { DataPlace } from './os-host.ts'
import { bootStartsBytesMax } from './limits.ts'
import { readWhole } from './whole-file.ts'

/** What the initrd counted of an image since it last came to health (`factory/initrd/count.sh`). */
export type BootStarts = {
  readonly imageId: string
  readonly starts: number
  /** How many of them reached the root's init. */
  readonly handovers: number
  /** How many of them the watchdog ended. */
  readonly resets: number
  /** The sentence with which the last one ended in the initrd; empty if none did. */
  readonly words: string
}

const directoryOf = (place: DataPlace): string => `${place.directory}/starts`
const namePattern = /^[0-9a-f]{32}$/

export async function readBootStarts(place: DataPlace): Promise<BootStarts[]> {
  const directory = directoryOf(place)
  const found: BootStarts[] = []
  for (const { name } of await place.files.list(directory)) {
    if (!namePattern.test(name)) continue
    const bytes = await readWhole(place.files, directory, name, bootStartsBytesMax)
    const starts = parseBootStarts(name, Buffer.from(bytes ?? []).toString('latin1'))
    if (starts !== undefined) found.push(starts)
  }
  return found
}

/** What is counted of this image is forgotten; nothing is written where nothing is counted. */
export async function forgetBootStarts(place: DataPlace, imageId: string): Promise<void> {
  const directory = directoryOf(place)
  const names = (await place.files.list(directory)).map(({ name }) => name)
  if (!names.includes(imageId)) return
  await place.files.remove(`${directory}/${imageId}`)
  await place.files.syncDirectory(directory)
}

/** Takes any text; what is not a count is none. */
export function parseBootStarts(imageId: string, text: string): BootStarts | undefined {
  const line = /^(\d{1,4}) (\d{1,4}) (\d{1,4}) ?([^\n]*)/.exec(text)
  if (line === null) return undefined
  const [, starts, handovers, resets, words = ''] = line
  return {
    imageId,
    starts: Number(starts),
    handovers: Number(handovers),
    resets: Number(resets),
    words: words.replaceAll(/[^ -~]/g, '').trim(),
  }
}
