import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { runInTools } from '../tools/run-in-tools.ts'
import type { LabTrees } from './lab-trees.ts'

const driveBytes = 2 ** 20

/** A drive with cloud-config, as a person gives one to a machine on a stick, or a cloud does. */
export async function createConfigDrive(
  { tools }: Pick<LabTrees, 'tools'>,
  out: string,
  userData: string | Uint8Array,
): Promise<void> {
  const work = await mkdtemp(join(dirname(resolve(out)), '.drive-'))
  try {
    await writeFile(join(work, 'user-data'), userData, { mode: 0o600 })
    await writeFile(join(work, 'drive'), '', { mode: 0o600 })
    await truncate(join(work, 'drive'), driveBytes)
    const binds = [{ path: work, at: '/mnt', isWritable: true }]
    await runInTools(tools, { command: ['mkfs.fat', '-n', 'CIDATA', '/mnt/drive'], binds })
    const copy = ['mcopy', '-i', '/mnt/drive', '/mnt/user-data', '::user-data']
    await runInTools(tools, { command: copy, binds })
    await rename(join(work, 'drive'), out)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
