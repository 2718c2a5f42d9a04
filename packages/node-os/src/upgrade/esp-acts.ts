import { createHash } from 'node:crypto'
import { espPaths } from '@skerry/api/os/os-layout'
import { hiddenName } from './entry-name.ts'
import { type KnownImage, copyName, imagesDirectory } from './known-image.ts'
import { writeBytes } from './limits.ts'
import { type OsFile, type OsFiles, OsDiskError, type OsHost } from './os-host.ts'
import type { EspAct } from './plan-repair.ts'

const directory = `/${espPaths.entries}`
export const entryPath = (file: string): string => `${directory}/${file}`

/**
 * One name for another. The file is synced first: Linux gives a name that is new on FAT its size and its
 * first cluster only when the file's inode is written, so that a directory that is synced alone may hold an
 * empty entry and none of the old name.
 */
export async function renameEntry(files: OsFiles, from: string, to: string): Promise<void> {
  if (from === to) return
  await files.rename(entryPath(from), entryPath(to))
  {
    await using file = await files.open(entryPath(to), 'existing')
    await file.sync()
  }
  await files.syncDirectory(directory)
  const names = (await files.list(directory)).map(({ name }) => name)
  if (!names.includes(to) || names.includes(from))
    throw new OsDiskError(`The ESP did not rename ${from} to ${to}: check its disk.`)
}

export async function removeEntry(files: OsFiles, file: string): Promise<void> {
  await files.remove(entryPath(file))
  await files.syncDirectory(directory)
}

/** Brings a kernel from its copy in data onto the ESP under its hidden name, and reads it back. */
export async function writeHiddenKernel(
  host: OsHost,
  files: OsFiles,
  image: Pick<KnownImage, 'imageId' | 'kernel'>,
): Promise<string> {
  const to = hiddenName(image.imageId)
  const path = `${imagesDirectory(host.data)}/${copyName(image.imageId)}`
  {
    await using from = await host.data.files.open(path, 'existing')
    await using file = await files.open(entryPath(to), 'create')
    const digest = await copyFile(from, file)
    if (digest !== image.kernel.digest)
      throw new OsDiskError(`The copy of a kernel in ${path} is damaged: ${digest}.`)
    await file.sync()
  }
  await files.syncDirectory(directory)
  await host.dropCaches()
  const digest = await digestOfFile(files, entryPath(to))
  if (digest !== image.kernel.digest)
    throw new OsDiskError(`The ESP does not give back what was written to ${to}: check its disk.`)
  return to
}

/** Does one act of repair. */
export async function doEspAct(
  host: OsHost,
  files: OsFiles,
  act: EspAct,
  known: readonly KnownImage[],
): Promise<void> {
  switch (act.do) {
    case 'rename':
      return renameEntry(files, act.from, act.to)
    case 'remove':
      return removeEntry(files, act.file)
    case 'rebuild': {
      const image = known.find(({ imageId }) => imageId === act.imageId)
      if (image === undefined) throw new OsDiskError(`Nothing is kept of image ${act.imageId}.`)
      const hidden = await writeHiddenKernel(host, files, image)
      return renameEntry(files, hidden, act.file)
    }
  }
}

async function copyFile(from: OsFile, to: OsFile): Promise<string> {
  const hash = createHash('sha256')
  for (let offset = 0; ; offset += writeBytes) {
    const bytes = await from.read(offset, writeBytes)
    hash.update(bytes)
    if (bytes.length > 0) await to.write(offset, bytes)
    if (bytes.length < writeBytes) return `sha256:${hash.digest('hex')}`
  }
}

export async function digestOfFile(files: OsFiles, path: string): Promise<string> {
  await using file = await files.open(path, 'existing')
  const hash = createHash('sha256')
  for (let offset = 0; ; offset += writeBytes) {
    const bytes = await file.read(offset, writeBytes)
    hash.update(bytes)
    if (bytes.length < writeBytes) return `sha256:${hash.digest('hex')}`
  }
}
