import type { X509Certificate } from 'node:crypto'
import { commandLineNames } from '@skerry/api/os/os-layout'
import { readPe, sectionOf } from '../pe/pe-image.ts'
import { verifyEfi } from '../pe/verify-efi.ts'
import { type Uki, readUki } from '../uki/read-uki.ts'
import type { Notes } from './finding.ts'
import type { ExpectedRoot } from './inspect-root.ts'
import { loaderVersionMin } from './limits.ts'

export type ProgramRequest = {
  /** What findings call it. */
  readonly what: string
  readonly bytes: Uint8Array
  /** Whose signatures count; none: only whether a signature is whole can be told. */
  readonly certificates: readonly X509Certificate[]
}

/** Looks into a unified kernel image; answers with what it says its root is. */
export function inspectKernel(notes: Notes, request: ProgramRequest): ExpectedRoot | undefined {
  const { what, bytes } = request
  const read = readUki(bytes)
  if (!read.ok) {
    notes.bad(what, `It ${read.message}: build or fetch it again.`)
    return undefined
  }
  const { uki } = read
  notes.fact('version', uki.osRelease.get('IMAGE_VERSION'))
  notes.fact('name', uki.osRelease.get('PRETTY_NAME'))
  notes.fact('kernel', uki.kernelVersion)
  notes.fact('command line', uki.commandLine)
  notes.fact('kernel bytes', uki.kernelBytes)
  notes.fact('initrd bytes', uki.initrdBytes)
  inspectSignature(notes, request)
  if (uki.osRelease.get('IMAGE_VERSION') === undefined)
    notes.bad(what, 'Its os-release has no IMAGE_VERSION, by which the loader finds the newest.')
  const expected = expectedRoot(uki)
  if (expected === undefined)
    notes.bad(
      what,
      `Its command line does not name a root by ${commandLineNames.rootHash}, ${commandLineNames.rootBytes} and ${commandLineNames.imageId}: it is not a kernel image of Skerry.`,
    )
  return expected
}

function expectedRoot({ parameters, kernelVersion }: Uki): ExpectedRoot | undefined {
  const rootHash = parameters.get(commandLineNames.rootHash) ?? ''
  const bytes = parameters.get(commandLineNames.rootBytes) ?? ''
  const imageId = parameters.get(commandLineNames.imageId) ?? ''
  const isWhole =
    /^[0-9a-f]{64}$/.test(rootHash) &&
    /^[1-9][0-9]{0,14}$/.test(bytes) &&
    /^[0-9a-f]{32}$/.test(imageId)
  return isWhole ? { rootHash, rootBytes: Number(bytes), imageId, kernelVersion } : undefined
}

/** Looks into a loader, or any other EFI program. */
export function inspectProgram(notes: Notes, request: ProgramRequest): void {
  const read = readPe(request.bytes)
  if (!read.ok) return notes.bad(request.what, `It ${read.message}: build or fetch it again.`)
  const text = sectionOf(read.image, '.sdmagic')?.toString('latin1') ?? ''
  const version = /LoaderInfo: ([\x20-\x7e]{1,60}?) ####/.exec(text)?.[1]
  notes.fact('program', version ?? 'unknown EFI program')
  inspectSignature(notes, request)
  const major = /^systemd-boot (\d+)/.exec(version ?? '')?.[1]
  if (major === undefined) return
  if (Number(major) >= loaderVersionMin)
    notes.ok(request.what, `${version} restarts by itself when it cannot start an image.`)
  else
    notes.bad(
      request.what,
      `${version} stays in the firmware when an image is refused: take ${loaderVersionMin} or newer.`,
    )
}

export function inspectSignature(
  notes: Notes,
  { what, bytes, certificates }: ProgramRequest,
): void {
  const verdict = verifyEfi(bytes, certificates)
  if (verdict.ok) return notes.ok(`${what}: signature`, `Signed by ${verdict.signer}.`)
  const isOpen = verdict.reason === 'UnknownSigner' || verdict.reason === 'Unsigned'
  if (!isOpen || certificates.length > 0) return notes.bad(`${what}: signature`, verdict.message)
  notes.unknown(
    `${what}: signature`,
    verdict.signer === undefined
      ? verdict.message
      : `It is whole, by ${verdict.signer}. Name a directory of keys or a certificate with --keys to know whether that counts.`,
  )
}
