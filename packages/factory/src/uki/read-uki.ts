import { peTextBytesMax } from '../pe/limits.ts'
import { type PeImage, readPe, sectionOf } from '../pe/pe-image.ts'
import { parseOsRelease } from './os-release.ts'

/** What a unified kernel image says of itself. */
export type Uki = {
  readonly image: PeImage
  readonly commandLine: string
  /** The parameters `name=value` of the command line; the first of a name counts. */
  readonly parameters: ReadonlyMap<string, string>
  readonly osRelease: ReadonlyMap<string, string>
  /** As `uname -r` says, if the image tells. */
  readonly kernelVersion?: string | undefined
  readonly kernelBytes: number
  readonly initrdBytes: number
}

export type UkiResult =
  | { readonly ok: true; readonly uki: Uki }
  | { readonly ok: false; readonly message: string }

/** Reads a unified kernel image. Takes any bytes; says nothing about signatures. */
export function readUki(bytes: Uint8Array): UkiResult {
  const read = readPe(bytes)
  if (!read.ok) return read
  const { image } = read
  const missing = ['.linux', '.initrd', '.cmdline', '.osrel'].filter(
    (name) => sectionOf(image, name) === undefined,
  )
  if (missing.length > 0)
    return {
      ok: false,
      message: `is an EFI program but not a unified kernel image: it has no ${missing.join(', ')}`,
    }
  const twice = image.sections.find(
    ({ name }, index) => image.sections.findIndex((other) => other.name === name) !== index,
  )
  if (twice !== undefined)
    return { ok: false, message: `has section ${twice.name} twice: which one counts is not known` }
  const commandLine = textOf(image, '.cmdline')
  const osRelease = textOf(image, '.osrel')
  if (commandLine === undefined || osRelease === undefined)
    return {
      ok: false,
      message: `has a .cmdline or .osrel of more than ${peTextBytesMax} bytes`,
    }
  const kernelVersion = textOf(image, '.uname')
  return {
    ok: true,
    uki: {
      image,
      commandLine,
      parameters: parametersOf(commandLine),
      osRelease: parseOsRelease(osRelease),
      kernelVersion: kernelVersion === '' ? undefined : kernelVersion,
      kernelBytes: sectionOf(image, '.linux')!.length,
      initrdBytes: sectionOf(image, '.initrd')!.length,
    },
  }
}

/** `name=value` words of a command line; quotes keep spaces together, as in the kernel. */
export function parametersOf(commandLine: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [word] of commandLine.matchAll(/(?:"[^"]*"|[^\s"])+/g)) {
    const plain = word.replaceAll('"', '')
    const equals = plain.indexOf('=')
    if (equals < 1) continue
    const name = plain.slice(0, equals)
    if (!found.has(name)) found.set(name, plain.slice(equals + 1))
  }
  return found
}

function textOf(image: PeImage, name: string): string | undefined {
  const bytes = sectionOf(image, name)
  if (bytes === undefined) return ''
  if (bytes.length > peTextBytesMax) return undefined
  return bytes.toString('utf8').replace(/\0+$/, '').trim()
}
