import type { DiskView } from './disk-view.ts'

const needsRecovery = 0x4
const hasErrors = 0x2

/** What the superblock says of an ext4 file system, in a few words. */
export function describeExt4(view: DiskView): string {
  if (view.sizeBytes < 2048) return 'too small'
  const superblock = view.read(1024, 1024)
  if (superblock.readUInt16LE(0x38) !== 0xef53) return 'no ext4'
  const isJournalOpen = (superblock.readUInt32LE(0x60) & needsRecovery) !== 0
  const isDamaged = (superblock.readUInt16LE(0x3a) & hasErrors) !== 0
  return [
    isJournalOpen ? 'ext4 with a journal to replay' : 'ext4',
    ...(isDamaged ? ['errors were noted'] : []),
  ].join(', ')
}
