/** Names of volumes that carry a configuration for a machine. */
export const driveLabels = ['cidata', 'config-2', 'skerry'] as const

export type Volume = { readonly format: 'vfat' | 'iso9660'; readonly label: string }

/** How much of the beginning of a volume tells what it is. */
export const volumeHeadBytes = 0x8000 + 2048

/** The file system and label of a volume from its beginning, of the two that config drives have. */
export function volumeOf(head: Uint8Array): Volume | undefined {
  const text = (offset: number, length: number) =>
    offset + length <= head.length
      ? Buffer.from(head.buffer, head.byteOffset + offset, length).toString('latin1')
      : ''
  const label = (offset: number) => text(offset, 11).trim()
  if (text(0x8001, 5) === 'CD001')
    return { format: 'iso9660', label: text(0x8028, 32).replace(/[\s\0]+$/, '') }
  if (text(510, 2) !== '\x55\xAA') return undefined
  // The word stands in the boot sector of each kind of FAT, at a place of its own.
  if (text(0x52, 5) === 'FAT32') return { format: 'vfat', label: label(0x47) }
  if (/^FAT(12|16)?$/.test(text(0x36, 5).trim())) return { format: 'vfat', label: label(0x2b) }
  return undefined
}

export const isDriveLabel = (label: string) =>
  (driveLabels as readonly string[]).includes(label.toLowerCase())
