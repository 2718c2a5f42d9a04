import { espPaths } from '@skerry/api/os/os-layout'
import { parseEntryName } from './entry-name.ts'
import { espFilesMax, espReserveBytes, foreignNamedMax } from './limits.ts'
import type { OsFiles } from './os-host.ts'
import { Refused } from './refused.ts'

/** Names on an ESP that are ours or the loader's; FAT does not tell cases apart. */
const ours = [
  /^\/efi\/boot\/bootx64\.efi$/,
  /^\/efi\/boot\/bootaa64\.efi$/,
  /^\/efi\/systemd\//,
  /^\/loader\//,
]

/** Refused when a kernel has no room even after what may go is gone. Nothing is deleted here. */
export async function assertSpace(
  files: OsFiles,
  needBytes: number,
  freedBytes: number,
): Promise<void> {
  const room = (await files.free()) + freedBytes - espReserveBytes
  if (room >= needBytes) return
  const foreign = await foreignFiles(files)
  const named = foreign
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, foreignNamedMax)
    .map(({ path, sizeBytes }) => `${path} (${mebibytes(sizeBytes)})`)
  const advice =
    named.length === 0
      ? 'no file on it is foreign: make a smaller kernel, or install the machine anew with a larger ESP'
      : `files on it that are not ours and that nobody here deletes: ${named.join(', ')}. Make room`
  throw new Refused(
    'Space',
    `The ESP has room for ${mebibytes(Math.max(0, room))} and the kernel needs ${mebibytes(needBytes)}; ${advice}.`,
  )
}

type Foreign = { readonly path: string; readonly sizeBytes: number }

async function foreignFiles(files: OsFiles): Promise<Foreign[]> {
  const found: Foreign[] = []
  const folders = ['']
  for (let seen = 0; folders.length > 0 && seen < espFilesMax; seen += 1) {
    const folder = folders.shift()!
    for (const { name, isDirectory, sizeBytes } of await files.list(folder === '' ? '/' : folder)) {
      const path = `${folder}/${name}`
      if (isDirectory) folders.push(path)
      else if (!isOurs(path)) found.push({ path, sizeBytes })
      if (found.length >= espFilesMax) return found
    }
  }
  return found
}

function isOurs(path: string): boolean {
  const name = path.toLowerCase()
  if (ours.some((pattern) => pattern.test(name))) return true
  const folder = `/${espPaths.entries.toLowerCase()}/`
  const file = name.startsWith(folder) ? name.slice(folder.length) : undefined
  return (
    file !== undefined &&
    (parseEntryName(file) !== undefined || file.startsWith(espPaths.temporaryPrefix))
  )
}

const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`
