import type { OsFiles } from './os-host.ts'

/** Replaces a file so that after a power cut the old one or the new one is there, whole. */
export async function replaceFile(
  files: OsFiles,
  directory: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const temporary = `${directory}/${name}.new`
  {
    await using file = await files.open(temporary, 'create')
    await file.write(0, bytes)
    await file.sync()
  }
  await files.rename(temporary, `${directory}/${name}`)
  await files.syncDirectory(directory)
}

/** The bytes of a file, or undefined if there is none; of one that is too long, its end. */
export async function readWhole(
  files: OsFiles,
  directory: string,
  name: string,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const entry = (await files.list(directory)).find((each) => each.name === name)
  if (entry === undefined || entry.isDirectory) return undefined
  await using file = await files.open(`${directory}/${name}`, 'existing')
  const start = Math.max(0, entry.sizeBytes - bytesMax)
  return file.read(start, entry.sizeBytes - start)
}

/** Makes a directory and those above it, each name on disk. */
export async function makeDirectories(files: OsFiles, path: string): Promise<void> {
  const names = path.split('/').filter((name) => name !== '')
  for (let depth = 1; depth <= names.length; depth += 1) {
    const parent = `/${names.slice(0, depth - 1).join('/')}`
    const entries = await files.list(parent)
    if (entries.some(({ name }) => name === names[depth - 1])) continue
    await files.mkdir(`/${names.slice(0, depth).join('/')}`)
    await files.syncDirectory(parent)
  }
}
