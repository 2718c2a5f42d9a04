import { nodePaths, verityBlockBytes } from '@skerry/api/os/os-layout'
import { parseVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { verityLayout, writeVerityTree } from '@skerry/artifact/verity-tree'
import type { DiskView } from '../lab/disk-view.ts'
import { parseOsRelease } from '../uki/os-release.ts'
import { type Erofs, erofsNames, openErofs, readErofsFile } from './erofs-files.ts'
import type { Notes } from './finding.ts'
import { parseTrustedKeys } from './trust.ts'

/** What the kernel image, which is signed, says that the file system is. */
export type ExpectedRoot = {
  readonly rootHash: string
  readonly rootBytes: number
  readonly imageId: string
  readonly kernelVersion?: string | undefined
}

export type RootRequest = {
  /** What findings call it. */
  readonly what: string
  /** The file system from its first byte, and what follows it. */
  readonly view: DiskView
  readonly expected?: ExpectedRoot | undefined
  /** Whether the verity tree lies behind it, as in a slot; an artifact has none. */
  readonly hasTree: boolean
}

/** Looks into a file system and holds it against its verity tree and what its kernel says of it. */
export async function inspectRoot(
  notes: Notes,
  { what, view, expected, hasTree }: RootRequest,
  signal?: AbortSignal,
): Promise<void> {
  const opened = openErofs(view)
  if (!opened.ok) return notes.bad(what, `It holds ${opened.message}: build or fetch it again.`)
  const { erofs } = opened
  describe(notes, erofs)
  const dataBytes = expected?.rootBytes ?? erofs.sizeBytes
  const needed = dataBytes + (hasTree ? verityBlockBytes : 0)
  if (dataBytes < erofs.sizeBytes || dataBytes % verityBlockBytes !== 0 || needed > view.sizeBytes)
    return notes.bad(
      what,
      `The file system has ${erofs.sizeBytes} bytes and ${view.sizeBytes} are here, where its kernel says ${dataBytes}: build or fetch it again.`,
    )
  if (hasTree && !isOwnSuperblock(notes, { what, view, expected, hasTree }, dataBytes)) return
  await checkVerity(notes, { what, view, expected, hasTree }, dataBytes, signal)
  checkModules(notes, what, erofs, expected?.kernelVersion)
}

function describe(notes: Notes, erofs: Erofs): void {
  notes.fact('file system', `erofs, ${erofs.sizeBytes} bytes`)
  const texts = ['/usr/lib/os-release', '/etc/os-release'].map((path) => readErofsFile(erofs, path))
  const text = texts.find((found) => Buffer.isBuffer(found))
  notes.fact('distribution', text && parseOsRelease(text.toString('utf8')).get('PRETTY_NAME'))
  notes.fact(
    'agent',
    erofsNames(erofs, nodePaths.program) === undefined ? 'none' : nodePaths.program,
  )
  const keys = readErofsFile(erofs, nodePaths.trustedImageKeys)
  if (!Buffer.isBuffer(keys)) return
  const parsed = parseTrustedKeys(keys.toString('utf8'))
  if (parsed === undefined)
    return notes.bad(
      nodePaths.trustedImageKeys,
      'It is not a list of keys: a machine with this image accepts no other one. Build it again.',
    )
  notes.fact('takes images of', parsed.map(({ keyid }) => keyid.slice(0, 12)).join(', '))
}

function isOwnSuperblock(
  notes: Notes,
  { what, view, expected }: RootRequest,
  dataBytes: number,
): boolean {
  const superblock = parseVeritySuperblock(view.read(dataBytes, verityBlockBytes))
  if (superblock === undefined || superblock.dataBytes !== dataBytes) {
    notes.bad(
      what,
      'No verity superblock lies behind the file system: it was not written to its end.',
    )
    return false
  }
  notes.fact('image id', superblock.imageId)
  if (expected === undefined || superblock.imageId === expected.imageId) return true
  notes.bad(what, `It belongs to image ${superblock.imageId}, not to ${expected.imageId}.`)
  return false
}

/** Computes the tree anew: the data must give the signed root, and what is stored must be the same. */
async function checkVerity(
  notes: Notes,
  { what, view, expected, hasTree }: RootRequest,
  dataBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  if (hasTree && verityLayout(dataBytes).totalBytes > view.sizeBytes)
    return notes.bad(what, 'The verity tree is cut off: build or fetch it again.')
  let firstDifference: number | undefined
  const rootHash = await writeVerityTree(
    {
      read: async (offset, sizeBytes) => view.read(offset, sizeBytes),
      write: async (offset, bytes) => {
        if (
          hasTree &&
          firstDifference === undefined &&
          !view.read(offset, bytes.length).equals(bytes)
        )
          firstDifference = offset
      },
    },
    dataBytes,
    { signal },
  )
  notes.fact('root hash', rootHash)
  if (expected !== undefined && rootHash !== expected.rootHash)
    return notes.bad(
      what,
      `The file system was changed: its root hash is ${rootHash}, and its kernel says ${expected.rootHash}. Build or fetch it again.`,
    )
  if (firstDifference !== undefined)
    return notes.bad(
      what,
      `The verity tree does not match the file system (from byte ${firstDifference}): a machine panics when it reads there. Build or fetch it again.`,
    )
  if (expected === undefined)
    return notes.unknown(
      what,
      'File system and verity tree match; whether somebody signed them stands in the kernel image, which is not here.',
    )
  notes.ok(
    what,
    `Every block of the file system${hasTree ? ' and its verity tree' : ''} is as its kernel says.`,
  )
}

function checkModules(notes: Notes, what: string, erofs: Erofs, kernelVersion?: string): void {
  const names = erofsNames(erofs, '/usr/lib/modules') ?? []
  const subject = `${what}: kernel modules`
  if (kernelVersion === undefined) return
  if (names.includes(kernelVersion)) return notes.ok(subject, `They are those of ${kernelVersion}.`)
  if (names.length === 0)
    return notes.unknown(
      subject,
      `There are none: hardware that kernel ${kernelVersion} drives by a module, such as a network card, will not work unless its initrd loads it.`,
    )
  notes.bad(
    subject,
    `They are for ${names.slice(0, 3).join(', ')}, and the kernel is ${kernelVersion}: build the image with the modules of its kernel.`,
  )
}
