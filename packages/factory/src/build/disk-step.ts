import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { buildVeritySuperblock } from '@skerry/artifact/verity-superblock'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import { buildDisk } from '../disk/build-disk.ts'
import { convertDisk } from '../disk/convert-disk.ts'
import { entryNameOf } from '../disk/disk-plan.ts'
import { enrolmentOf } from '../keys/enrolment.ts'
import { microsoftCertificates } from '../keys/microsoft-certificates.ts'
import { openSigner } from '../keys/open-keys.ts'
import { signEfi } from '../pe/sign-efi.ts'
import { bytesOf } from '../schematic/schematic.ts'
import type { BuildContext, BuildTrees } from './build-context.ts'
import { BuildError } from './build-error.ts'
import { timed } from './ensure-step.ts'
import { openTree } from './open-trees.ts'
import type { BuiltRoot } from './root-step.ts'
import type { SignedImage } from './sign-image.ts'

export const diskFormats = ['raw', 'qcow2', 'vhd'] as const
export type DiskFormatName = (typeof diskFormats)[number]

export type DiskInputs = {
  readonly trees: BuildTrees
  readonly root: BuiltRoot
  readonly image: SignedImage
  readonly keys: { readonly directory: string; readonly passphrase: string }
  readonly out: string
  readonly formats: readonly DiskFormatName[]
}

/** Writes the disk images that were asked for; gives their files by format. */
export async function buildDisks(
  context: BuildContext,
  inputs: DiskInputs,
): Promise<Partial<Record<DiskFormatName, string>>> {
  const { out, formats, image } = inputs
  const { imageId } = image.description
  const raw = join(out, 'disk.raw')
  const files: Partial<Record<DiskFormatName, string>> = {}
  await timed(context, 'disk image', () =>
    tellStorageErrors(out, () => buildRawDisk(context, inputs, raw)),
  )
  for (const format of formats) {
    const file = join(out, `disk.${format}`)
    files[format] = file
    if (format === 'raw') continue
    const lab = await openTree(context, 'lab')
    await timed(context, `disk image as ${format}`, () =>
      tellStorageErrors(out, () =>
        convertDisk(format, { raw, out: file, lab, imageId }, context.signal),
      ),
    )
  }
  if (!formats.includes('raw')) await rm(raw)
  return files
}

async function buildRawDisk(
  context: BuildContext,
  { trees, root, image, keys, out }: DiskInputs,
  raw: string,
): Promise<void> {
  const { schematic } = context.schematic
  const { imageId } = image.description
  const loaderTree = await openTree(context, 'loader')
  const work = await mkdtemp(join(dirname(raw), `.${basename(out)}-disk-`))
  try {
    const slot = join(work, 'slot')
    await writeSlot(root, imageId, slot)
    const loader = join(work, 'loader.efi')
    await writeLoader(loaderTree.path, loader, keys)
    const { espBytes, slotBytes, dataBytes, kernel, enrolment: mode } = schematic
    const size = (value: number | string | undefined) =>
      value === undefined ? undefined : bytesOf(value)
    await buildDisk(
      {
        tools: trees.tools,
        loader,
        images: [
          { slot: 'slot-a', file: slot, kernel: image.kernelFile, entryName: entryNameOf(imageId) },
        ],
        espBytes: size(espBytes) ?? (kernel === 'generic' ? 2 ** 30 : undefined),
        slotBytes: size(slotBytes),
        dataBytes: size(dataBytes),
        imageId,
        out: raw,
        ...(mode === 'off'
          ? {}
          : { enrolment: { mode, keys: await enrolmentKeys(context, trees, keys) } }),
      },
      context.signal,
    )
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** File system, superblock and tree, as a slot has them. */
async function writeSlot(root: BuiltRoot, imageId: string, path: string): Promise<void> {
  await copyFile(root.erofs, path)
  await using file = await open(path, 'r+')
  const { sizeBytes } = root.facts
  const superblock = buildVeritySuperblock(imageId, sizeBytes)
  const tree = await readFile(root.verityTree)
  await file.write(superblock, 0, superblock.length, sizeBytes)
  await file.write(tree, 0, tree.length, sizeBytes + superblock.length)
}

async function writeLoader(tree: string, path: string, keys: DiskInputs['keys']): Promise<void> {
  const unsigned = await readFile(join(tree, 'usr/lib/systemd/boot/efi/systemd-bootx64.efi'))
  const signed = signEfi(unsigned, await openSigner(keys.directory, 'db', keys.passphrase))
  if (!signed.ok) throw new BuildError(`The loader cannot be signed: it ${signed.message}.`)
  await writeFile(path, signed.bytes)
}

async function enrolmentKeys(
  context: BuildContext,
  trees: BuildTrees,
  { directory, passphrase }: DiskInputs['keys'],
) {
  const microsoft = context.schematic.schematic.microsoftCertificates
    ? await microsoftCertificates(trees.tools.path)
    : undefined
  return enrolmentOf(directory, { passphrase, microsoft })
}
