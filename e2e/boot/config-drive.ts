import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LabTrees } from '@skerry/factory/lab/lab-trees'
import { runInTools } from '@skerry/factory/tools/run-in-tools'

const driveBytes = 2 ** 20

/** A stick with cloud-config, as a person or a cloud gives one to a machine. */
export async function createConfigDrive(
  { tools }: Pick<LabTrees, 'tools'>,
  out: string,
  words: string,
): Promise<void> {
  const work = await mkdtemp(join(dirname(out), '.drive-'))
  try {
    await writeFile(join(work, 'user-data'), `#cloud-config\n${words}`)
    await writeFile(join(work, 'drive'), '')
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
