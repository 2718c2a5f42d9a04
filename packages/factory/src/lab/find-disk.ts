import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LabError } from './lab-error.ts'
import type { MachineDisk } from './qemu-arguments.ts'

export type FoundDisk = Required<Pick<MachineDisk, 'file' | 'format'>>

const endings = ['.raw', '.qcow2', '.vhd', '.img'] as const

/** The disk that a person means: a disk image, or a directory that a build wrote one into. */
export async function findDisk(path: string): Promise<FoundDisk> {
  const found = await stat(path).catch(() => undefined)
  if (found === undefined) throw new LabError(`${path}: no such file or directory`)
  if (!found.isDirectory()) return { file: path, format: await diskFormatOf(path) }
  const names = await readdir(path)
  const disks = endings.flatMap((ending) => names.filter((name) => name.endsWith(ending)))
  if (disks[0] === undefined)
    throw new LabError(
      `${path}: holds no disk image; build one with \`skerry image build --disk raw\``,
    )
  return await findDisk(join(path, disks[0]))
}

/** By its content; a name may say anything. */
async function diskFormatOf(file: string): Promise<FoundDisk['format']> {
  await using handle = await open(file, 'r')
  const { size } = await handle.stat()
  const read = async (offset: number, length: number) => {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead).toString('latin1')
  }
  if ((await read(0, 4)) === 'QFI\u00FB') return 'qcow2'
  if (size >= 1024 && (await read(size - 512, 8)) === 'conectix') return 'vpc'
  if ((await read(512, 8)) === 'EFI PART') return 'raw'
  throw new LabError(
    `${file}: is no disk image (raw with a partition table, qcow2 or VHD); \`skerry image inspect\` says what it is`,
  )
}
