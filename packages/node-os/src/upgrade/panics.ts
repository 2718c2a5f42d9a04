import { panicFileBytesMax, panicFilesMax, panicTextLengthMax } from './limits.ts'
import { type OsRoom, record, timeOf } from './os-room.ts'
import { makeDirectories, replaceFile } from './whole-file.ts'

/** The kernel's last words go to data and into the journal, and only then leave the firmware's store. */
export async function keepPanics(room: OsRoom): Promise<void> {
  const { host } = room
  const found = (await host.panics.list()).slice(0, panicFilesMax)
  if (found.length === 0) return
  const directory = `${host.data.directory}/panics`
  await makeDirectories(host.data.files, directory)
  await dropOldest(room, directory, found.length)
  for (const { name, bytes } of found) {
    const file = `${host.boot.bootId.slice(0, 8)}-${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`
    await replaceFile(host.data.files, directory, file, bytes.subarray(0, panicFileBytesMax))
  }
  const words = found.map(({ bytes }) => panicText(bytes)).filter((text) => text !== undefined)
  const text = words.find((each) => each.includes('Kernel panic')) ?? words[0]
  if (text !== undefined)
    await record(room, { kind: 'Panic', time: timeOf(room), file: found[0]!.name, text })
  // In memory they would be forgotten: then the firmware keeps them.
  if (!host.data.isDurable) return
  for (const { name } of found) await host.panics.remove(name)
}

/** The line that says why, or undefined: not everything in that store is a panic. Takes any bytes. */
export function panicText(bytes: Uint8Array): string | undefined {
  const lines = Buffer.from(bytes.subarray(0, panicFileBytesMax)).toString('latin1').split('\n')
  const said =
    lines.find((line) => line.includes('Kernel panic')) ??
    lines.find((line) => /Oops|BUG:/.test(line))
  const clean = said
    ?.replaceAll(/[^\x20-\x7e]/g, '')
    .replace(/^<\d+>/, '')
    .replace(/^\[[ .\d]+\] ?/, '')
  return clean?.trim().slice(0, panicTextLengthMax)
}

async function dropOldest(room: OsRoom, directory: string, coming: number): Promise<void> {
  const { files } = room.host.data
  const kept = (await files.list(directory)).map(({ name }) => name)
  const excess = kept.length + coming - panicFilesMax
  for (const name of kept.slice(0, Math.max(0, excess))) await files.remove(`${directory}/${name}`)
}
