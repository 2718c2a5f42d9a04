import type { X509Certificate } from 'node:crypto'
import { espPaths, partitionLabels, verityBlockBytes } from '@skerry/api/os/os-layout'
import { parseVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { certificatesOfUpdate } from '../keys/efi-variable-update.ts'
import { type DiskView, partOf } from '../lab/disk-view.ts'
import { describeExt4 } from '../lab/ext4-superblock.ts'
import { findFile, listDirectory, readFatFile } from '../lab/fat-files.ts'
import { fatHealth } from '../lab/fat-health.ts'
import { type FatVolume, openFat } from '../lab/fat-volume.ts'
import { loaderFieldsOf } from '../lab/loader-fields.ts'
import { readCounter, sortEntries } from '@skerry/api/os/loader-order'
import { type Partition, readPartitionTable } from '../lab/partition-table.ts'
import { openErofs } from './erofs-files.ts'
import type { Notes } from './finding.ts'
import { inspectKernel, inspectProgram } from './inspect-kernel.ts'
import { type ExpectedRoot, inspectRoot } from './inspect-root.ts'
import { entriesMax } from './limits.ts'
import type { Trust } from './trust.ts'

/** Looks into a raw disk: partitions, loader, keys to enrol, kernels, the slots that they start. */
export async function inspectDisk(
  notes: Notes,
  disk: DiskView,
  trust: Trust,
  signal?: AbortSignal,
): Promise<void> {
  const table = readPartitionTable(disk)
  if (!table.ok) return notes.bad('partitions', `The disk has ${table.message}: make it anew.`)
  if (table.isFromBackup)
    notes.bad('partitions', 'The first copy of the table is broken, the one at the end is not.')
  for (const { label, sizeBytes } of table.partitions)
    notes.about(label).fact('partition', `${sizeBytes} bytes`)
  const labels = [partitionLabels.esp, ...partitionLabels.slots, partitionLabels.data]
  const missing = labels.filter((name) => !table.partitions.some(({ label }) => label === name))
  if (missing.length > 0)
    notes.bad('partitions', `There is no ${missing.join(', ')}: it is not a disk of Skerry.`)
  const esp = table.partitions.find(({ label }) => label === partitionLabels.esp)
  const volume = esp && openEsp(notes, disk, esp)
  /** Slot -> root hash that it was held against. */
  const claimed = new Map<string, string>()
  if (volume !== undefined) {
    const certificates = inspectLoader(notes, volume, trust)
    for (const entry of inspectEntries(notes, volume, certificates)) {
      const slot = slotOf(disk, table.partitions, entry.expected)
      if (slot === undefined) {
        notes.bad(entry.name, `No slot holds its image ${entry.expected.imageId}: it cannot start.`)
        continue
      }
      notes.about(entry.name).fact('slot', slot.label)
      if (claimed.get(slot.label) === entry.expected.rootHash) continue
      claimed.set(slot.label, entry.expected.rootHash)
      const view = partOf(disk, slot.offset, slot.sizeBytes)
      await inspectRoot(
        notes.about(slot.label),
        { what: slot.label, view, expected: entry.expected, hasTree: true },
        signal,
      )
    }
  }
  inspectOtherPartitions(notes, disk, table.partitions, claimed)
}

function openEsp(notes: Notes, disk: DiskView, esp: Partition): FatVolume | undefined {
  const opened = openFat(partOf(disk, esp.offset, esp.sizeBytes))
  if (!opened.ok) {
    notes.bad('esp', `It has ${opened.message}: make the disk anew.`)
    return undefined
  }
  const { problems, lostClusters, isDirty } = fatHealth(opened.volume)
  for (const problem of problems.slice(0, 10)) notes.bad('esp', `${problem}.`)
  if (problems.length === 0)
    notes.ok(
      'esp',
      `Its file system is sound${lostClusters > 0 || isDirty ? ', and will be tidied up by the machine' : ''}.`,
    )
  return opened.volume
}

/** Answers with whose signatures the machine will accept: those named, else those that it is to enrol. */
function inspectLoader(notes: Notes, volume: FatVolume, trust: Trust): readonly X509Certificate[] {
  const configuration = textOf(volume, 'loader/loader.conf') ?? ''
  const lines = new Map(
    configuration.split('\n').map((line) => {
      const [name = '', ...words] = line.trim().split(/\s+/)
      return [name, words.join(' ')] as const
    }),
  )
  // Of all entries of ours the loader takes the newest that is not exhausted, and so falls back.
  const isOurs = lines.get('preferred') === `${espPaths.entryPrefix}*`
  const fixed = ['default', ...(isOurs ? [] : ['preferred'])].filter((name) => lines.has(name))
  if (fixed.length > 0)
    notes.bad(
      'loader/loader.conf',
      `It has a line ${fixed.join(' and ')}: the loader would start a broken image for ever. Remove it.`,
    )
  if (lines.get('editor') !== 'no')
    notes.bad('loader/loader.conf', 'It lets a passer-by edit the command line: add "editor no".')
  const enrolled = enrolmentOf(notes, volume, lines.get('secure-boot-enroll') ?? 'if-safe')
  const certificates = trust.certificates.length > 0 ? trust.certificates : enrolled
  for (const path of ['EFI/BOOT/BOOTX64.EFI', 'EFI/systemd/systemd-bootx64.efi']) {
    const bytes = bytesOf(volume, path)
    if (bytes !== undefined) inspectProgram(notes.about(path), { what: path, bytes, certificates })
    else if (path.includes('BOOTX64')) notes.bad(path, 'It is missing: firmware finds no loader.')
  }
  // After enrolment nothing else counts, whoever is trusted here.
  if (enrolled.length > 0 && trust.certificates.length > 0)
    for (const certificate of trust.certificates)
      if (!enrolled.some((one) => one.raw.equals(certificate.raw)))
        notes.bad(
          'loader/keys/auto/db.auth',
          `It does not hold the certificate of ${certificate.subject.replaceAll('\n', ', ')}: the machine would refuse what that key signs.`,
        )
  return certificates
}

function enrolmentOf(notes: Notes, volume: FatVolume, mode: string): X509Certificate[] {
  const update = bytesOf(volume, 'loader/keys/auto/db.auth')
  notes.fact('enrols keys', update === undefined ? 'no' : mode)
  if (update === undefined) return []
  const certificates = certificatesOfUpdate(update)
  if (certificates === undefined) {
    notes.bad('loader/keys/auto/db.auth', 'It is not an update of db: make the disk anew.')
    return []
  }
  for (const { subject } of certificates) notes.fact('will accept', subject.replaceAll('\n', ', '))
  return certificates
}

type Entry = { readonly name: string; readonly expected: ExpectedRoot }

function inspectEntries(
  notes: Notes,
  volume: FatVolume,
  certificates: readonly X509Certificate[],
): Entry[] {
  const directory = findFile(volume, espPaths.entries)
  const files = directory?.isDirectory === true ? listDirectory(volume, directory).files : []
  const kernels = files.filter(({ name, isDirectory }) => !isDirectory && /\.efi$/i.test(name))
  for (const { name } of files.filter((file) => !kernels.includes(file)))
    notes.unknown(name, 'It lies among the kernels and is none: the loader does not look at it.')
  const entries: Entry[] = []
  const known = kernels.slice(0, entriesMax).flatMap((file) => {
    const bytes = readFatFile(volume, file)
    const what = file.name
    const expected = inspectKernel(notes.about(what), { what, bytes, certificates })
    if (expected !== undefined) entries.push({ name: what, expected })
    noteCounter(notes.about(what), what)
    const fields = loaderFieldsOf((offset, length) => bytes.subarray(offset, offset + length))
    return fields === undefined ? [] : [{ fileName: what, ...fields }]
  })
  const [first] = sortEntries(known)
  if (first === undefined)
    notes.unknown('EFI/Linux', 'It holds no kernel: the disk starts nothing.')
  else notes.fact('starts', first.fileName)
  return entries
}

function noteCounter(notes: Notes, name: string): void {
  const { triesLeft, triesDone } = readCounter(name)
  if (triesLeft === undefined) notes.fact('state', 'blessed')
  else
    notes.fact(
      'state',
      `${triesLeft === 0 ? 'exhausted' : `${triesLeft} tries left`} after ${triesDone ?? 0}`,
    )
}

function slotOf(
  disk: DiskView,
  partitions: readonly Partition[],
  { rootBytes, imageId }: ExpectedRoot,
): Partition | undefined {
  return partitionLabels.slots
    .flatMap((name) => partitions.find(({ label }) => label === name) ?? [])
    .find(({ offset, sizeBytes }) => {
      if (rootBytes + verityBlockBytes > sizeBytes) return false
      const block = disk.read(offset + rootBytes, verityBlockBytes)
      return parseVeritySuperblock(block)?.imageId === imageId
    })
}

function inspectOtherPartitions(
  notes: Notes,
  disk: DiskView,
  partitions: readonly Partition[],
  claimed: ReadonlyMap<string, string>,
): void {
  for (const { label, offset, sizeBytes } of partitions) {
    const view = partOf(disk, offset, sizeBytes)
    const isSlot = partitionLabels.slots.some((name) => name === label)
    if (isSlot && !claimed.has(label))
      notes
        .about(label)
        .fact('content', openErofs(view).ok ? 'an image that no kernel starts' : 'empty')
    if (label === partitionLabels.data) inspectData(notes, view)
  }
}

function inspectData(notes: Notes, view: DiskView): void {
  const found = describeExt4(view)
  if (found.startsWith('ext4')) return notes.ok('data', `${found}.`)
  notes.bad('data', `It holds ${found}: a machine would keep nothing over a restart.`)
}

const bytesOf = (volume: FatVolume, path: string): Buffer | undefined => {
  const file = findFile(volume, path)
  return file === undefined || file.isDirectory ? undefined : readFatFile(volume, file)
}

const textOf = (volume: FatVolume, path: string): string | undefined =>
  bytesOf(volume, path)?.toString('utf8')
