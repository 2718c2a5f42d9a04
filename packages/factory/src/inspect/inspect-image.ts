import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type DiskView, openDiskFile } from '../lab/disk-view.ts'
import { peBytesMax } from '../pe/limits.ts'
import { readPe } from '../pe/pe-image.ts'
import { readUki } from '../uki/read-uki.ts'
import { type InspectReport, Notes } from './finding.ts'
import { inspectArtifacts } from './inspect-artifact.ts'
import { inspectDisk } from './inspect-disk.ts'
import { inspectKernel, inspectProgram } from './inspect-kernel.ts'
import { inspectRoot } from './inspect-root.ts'
import { type Trust, noTrust } from './trust.ts'

type Kind = InspectReport['kind']

/**
 * Tells what is inside a raw disk, a kernel image, the file of a slot or an OCI layout, and whether every
 * signature holds. Whatever the bytes are, it answers with a report.
 */
export async function inspectImage(
  path: string,
  trust: Trust = noTrust,
  signal?: AbortSignal,
): Promise<InspectReport> {
  const notes = new Notes()
  let kind: Kind = 'Unknown'
  try {
    kind = await look(notes, resolve(path), trust, signal)
  } catch (error) {
    signal?.throwIfAborted()
    noteFailure(notes, path, error)
  }
  const { facts, findings } = notes
  // What could not be looked into at all is not well either.
  const ok = kind !== 'Unknown' && !findings.some(({ verdict }) => verdict === 'bad')
  return { path, kind, facts, findings, ok }
}

async function look(notes: Notes, path: string, trust: Trust, signal?: AbortSignal): Promise<Kind> {
  const found = await stat(path)
  if (found.isDirectory()) {
    const isLayout = await stat(join(path, 'index.json')).catch(() => undefined)
    if (isLayout === undefined) {
      notes.bad(path, 'The directory is no OCI layout: it has no index.json. Name what was built.')
      return 'Unknown'
    }
    await inspectArtifacts(notes, path, trust, signal)
    return 'Artifact'
  }
  if (!found.isFile()) {
    notes.bad(path, 'It is neither a file nor a directory: copy it to a file, and inspect that.')
    return 'Unknown'
  }
  using file = openDiskFile(path)
  const kind = kindOf(file)
  if (kind === 'Disk') await inspectDisk(notes, file, trust, signal)
  else if (kind === 'Slot')
    await inspectRoot(notes, { what: 'file system', view: file, hasTree: true }, signal)
  else if (kind === 'Kernel' && found.size <= peBytesMax)
    return inspectEfi(notes, path, await readFile(path), trust)
  else if (kind === 'qcow2')
    notes.unknown(
      path,
      'It is a qcow2 disk: inspect the raw one that was built with it, or convert it with `qemu-img convert -O raw`.',
    )
  else
    notes.bad(
      path,
      'It is neither a raw disk with a GPT, nor a kernel image, nor the file of a slot, nor an OCI layout: it is damaged, or something else.',
    )
  return kind === 'qcow2' ? 'Unknown' : kind
}

function kindOf(file: DiskView): Kind | 'qcow2' {
  const head = file.read(0, Math.min(file.sizeBytes, 2048))
  const starts = (at: number, text: string) =>
    head.toString('latin1', at, at + text.length) === text
  if (starts(512, 'EFI PART')) return 'Disk'
  if (starts(0, 'QFI\u00FB')) return 'qcow2'
  if (starts(0, 'MZ')) return 'Kernel'
  if (head.length >= 1028 && head.readUInt32LE(1024) === 0xe0f5e1e2) return 'Slot'
  // A disk whose first copy of the table is gone may have the one at its end.
  if (file.sizeBytes >= 1024 && file.sizeBytes % 512 === 0) {
    const last = file.read(file.sizeBytes - 512, 8)
    if (last.toString('latin1') === 'EFI PART') return 'Disk'
  }
  return 'Unknown'
}

/** A kernel image, or else the loader or another program. */
function inspectEfi(notes: Notes, path: string, bytes: Buffer, trust: Trust): Kind {
  const what = path.split('/').at(-1) ?? path
  const { certificates } = trust
  const isProgram = readPe(bytes).ok && !readUki(bytes).ok
  if (isProgram) inspectProgram(notes, { what, bytes, certificates })
  else inspectKernel(notes, { what, bytes, certificates })
  return isProgram ? 'Program' : 'Kernel'
}

function noteFailure(notes: Notes, path: string, error: unknown): void {
  const { code, message } = error as NodeJS.ErrnoException
  // A reader met an offset that no whole file has; or this machine cannot read the file.
  if (error instanceof RangeError)
    return notes.bad(path, `It is damaged: it names ${message}. Build or fetch it again.`)
  if (code === undefined) throw error
  notes.bad(path, `It cannot be read (${code}): name a file or a directory that you may read.`)
}
