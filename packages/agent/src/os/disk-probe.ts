import { type Disk, DiskError } from '../host.ts'

const signOfLife = new TextEncoder().encode('alive')

/**
 * Whether a small write comes back. A disk that refuses has answered: a reset would not make room on it
 * nor mend it, and a machine that restarts for ever is of no use to anybody. Only silence counts.
 */
export async function probeDisk(disk: Disk, directory: string): Promise<undefined> {
  try {
    await using file = await disk.open(`${directory}/alive`, 'create')
    await file.pwrite(signOfLife, 0)
    await file.sync()
    await file.pread(signOfLife.length, 0)
  } catch (error) {
    if (!(error instanceof DiskError)) throw error
  }
  return undefined
}
