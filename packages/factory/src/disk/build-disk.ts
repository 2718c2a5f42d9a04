import { copyFile, mkdir, mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type SlotName, espPaths, partitionLabels } from '@skerry/api/os/os-layout'
import { tellStorageErrors } from '@skerry/artifact/storage-error'
import type { Tree } from '../debian/tree.ts'
import type { Enrolment } from '../keys/enrolment.ts'
import { runInTools } from '../tools/run-in-tools.ts'
import { DiskError } from './disk-error.ts'
import { type DiskPlan, type DiskSizes, planDisk } from './disk-plan.ts'
import { type EnrolKeys, loaderConfiguration } from './loader-configuration.ts'
import { moveDurably } from './move-durably.ts'

export type DiskImage = {
  readonly slot: SlotName
  /** File system, verity superblock and tree: what the slot will begin with. */
  readonly file: string
  /** The unified kernel image, signed where that is wanted. */
  readonly kernel: string
  /** See `entryNameOf`: without a counter it is blessed from the start. */
  readonly entryName: string
}

export type DiskRequest = DiskSizes & {
  /** Tree with systemd-repart, mkfs.fat, mtools and mkfs.ext4. */
  readonly tools: Pick<Tree, 'path'>
  /** systemd-boot, signed where that is wanted: 262 or newer, which restarts when an image is refused. */
  readonly loader: string
  readonly images: readonly DiskImage[]
  /** Keys for a machine in setup mode. */
  readonly enrolment?: { readonly keys: Enrolment; readonly mode: Exclude<EnrolKeys, 'off'> }
  /** More files on the data partition's root: a directory. For tests. */
  readonly dataFiles?: string | undefined
  /** 32 hexadecimal digits; all that is random on a disk follows from it. */
  readonly imageId: string
  /** File to write, replaced when complete. */
  readonly out: string
}

/** The first moment that FAT can say, a day on: no time zone puts it before. */
const fileTimeSeconds = 315_619_200

/**
 * Makes a raw disk: ESP with loader and kernels, three slots, data. Sparse, needs no root and no loop device,
 * and equal input gives equal bytes.
 */
export async function buildDisk(request: DiskRequest, signal?: AbortSignal): Promise<DiskPlan> {
  const plan = await planOf(request)
  const out = resolve(request.out)
  return tellStorageErrors(dirname(out), async () => {
    const work = await mkdtemp(join(dirname(out), `.${basename(out)}-`))
    try {
      await stageEsp(request, join(work, 'esp'))
      await writeDefinitions(request, plan, join(work, 'definitions'))
      await mkdir(join(work, 'tmp'))
      await partition(request, work, signal)
      await moveDurably(join(work, 'disk.raw'), out)
      return plan
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  })
}

async function planOf(request: DiskRequest): Promise<DiskPlan> {
  const images = await Promise.all(
    request.images.map(async ({ slot, entryName, file, kernel }) => ({
      slot,
      entryName,
      slotFileBytes: (await stat(file)).size,
      kernelBytes: (await stat(kernel)).size,
    })),
  )
  const planned = planDisk(images, request)
  if (!planned.ok) throw new DiskError(`The disk cannot be made: ${planned.messages.join('; ')}.`)
  return planned.plan
}

async function stageEsp({ loader, images, enrolment }: DiskRequest, esp: string): Promise<void> {
  const files: Record<string, { from: string } | { content: Uint8Array | string }> = {
    'EFI/BOOT/BOOTX64.EFI': { from: loader },
    'EFI/systemd/systemd-bootx64.efi': { from: loader },
    'loader/loader.conf': { content: loaderConfiguration(enrolment?.mode ?? 'off') },
  }
  for (const [name, content] of Object.entries(enrolment?.keys ?? {}))
    files[`loader/keys/auto/${name}.auth`] = { content }
  for (const { entryName, kernel } of images)
    files[`${espPaths.entries}/${entryName}`] = { from: kernel }
  const directories = new Set([esp, join(esp, espPaths.entries)])
  await mkdir(join(esp, espPaths.entries), { recursive: true })
  for (const [name, file] of Object.entries(files)) {
    const path = join(esp, name)
    await mkdir(dirname(path), { recursive: true })
    if ('from' in file) await copyFile(file.from, path)
    else await writeFile(path, file.content)
    await utimes(path, fileTimeSeconds, fileTimeSeconds)
    for (let above = dirname(path); above !== esp; above = dirname(above)) directories.add(above)
  }
  for (const directory of directories) await utimes(directory, fileTimeSeconds, fileTimeSeconds)
}

async function writeDefinitions(
  { images, dataFiles }: DiskRequest,
  plan: DiskPlan,
  directory: string,
): Promise<void> {
  const definition = (label: string, sizeBytes: number, more: Record<string, string>) =>
    [
      '[Partition]',
      ...Object.entries({
        Label: label,
        SizeMinBytes: sizeBytes,
        SizeMaxBytes: sizeBytes,
        ...more,
      }).map(([name, value]) => `${name}=${value}`),
      '',
    ].join('\n')
  const generic = { Type: 'linux-generic' }
  const definitions: string[] = [
    definition(partitionLabels.esp, plan.espBytes, {
      Type: 'esp',
      Format: 'vfat',
      CopyFiles: '/mnt/work/esp:/',
    }),
    ...partitionLabels.slots.map((slot) =>
      definition(slot, plan.slotBytes, {
        ...generic,
        ...(images.some((image) => image.slot === slot) ? { CopyBlocks: `/mnt/${slot}` } : {}),
      }),
    ),
    definition(partitionLabels.data, plan.dataBytes, {
      ...generic,
      Format: 'ext4',
      ...(dataFiles === undefined ? {} : { CopyFiles: '/mnt/data:/' }),
    }),
  ]
  await mkdir(directory)
  for (const [index, text] of definitions.entries())
    await writeFile(join(directory, `${index}0.conf`), text)
}

async function partition(
  { tools, images, imageId, dataFiles }: DiskRequest,
  work: string,
  signal?: AbortSignal,
): Promise<void> {
  const seed = imageId.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
  await runInTools(
    tools,
    {
      command: [
        'systemd-repart',
        '--offline=yes',
        '--empty=create',
        '--size=auto',
        '--sector-size=512',
        `--seed=${seed}`,
        '--definitions=/mnt/work/definitions',
        '--architecture=x86-64',
        '--dry-run=no',
        '--no-pager',
        '/mnt/work/disk.raw',
      ],
      environment: {
        SOURCE_DATE_EPOCH: String(fileTimeSeconds),
        TMPDIR: '/mnt/work/tmp',
        // repart derives the uuid from the seed, and leaves this to chance.
        SYSTEMD_REPART_MKFS_OPTIONS_EXT4: `-E hash_seed=${seed}`,
      },
      binds: [
        { path: work, at: '/mnt/work', isWritable: true },
        ...images.map(({ slot, file }) => ({ path: resolve(file), at: `/mnt/${slot}` })),
        ...(dataFiles === undefined ? [] : [{ path: resolve(dataFiles), at: '/mnt/data' }]),
      ],
    },
    signal,
  )
}
