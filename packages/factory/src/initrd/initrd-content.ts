/** What goes into every initrd, by name. */

/**
 * Programs beside busybox. `dmsetup` opens the verity device: all that veritysetup would read from the disk first
 * stands in the signed command line, and it would bring OpenSSL along.
 */
export const initrdPrograms = ['busybox', 'dmsetup', 'e2fsck'] as const

/** What the scripts call of busybox; it has more, and no name for it. */
export const initrdApplets: readonly string[] = words(`
  [ cat chmod chown chroot cmp cp cut dd echo find grep head hexdump insmod kill mkdir mount mv readlink reboot rm sh
  sleep stat switch_root sync tail test timeout tr umount uname usleep watchdog`)

/** The parts that the script that is PID 1 reads, from `packages/factory/initrd`. */
export const initrdScripts = [
  'say',
  'watchdog',
  'root',
  'data',
  'count',
  'keep',
  'handover',
] as const

/** Kernel modules; each list is loaded in its order, and each module after what it needs. */
export type ModuleLists = {
  /** Loaded first: watchdogs of real hardware, the one that firmware describes before all. */
  readonly watchdog: readonly string[]
  /** Only where no hardware watchdog was found. */
  readonly softdog: readonly string[]
  /** Disks, what they hang on, file systems, and where a panic is kept. */
  readonly drivers: readonly string[]
  /** Disks that few machines start from: only where no slot was found without them. */
  readonly rare: readonly string[]
}

/** A kernel that has one of them built in, or does not have it, is as good. */
export const defaultModules: ModuleLists = {
  // Intel's and AMD's sit behind a bridge or a bus whose module they do not name.
  watchdog: words('wdat_wdt i6300esb lpc_ich i2c_i801 iTCO_wdt i2c_piix4 sp5100_tco hpwdt'),
  softdog: ['softdog'],
  // Without the fast SHA-256 each block that is read costs several times as much. erofs and ext4 ask for crc32c
  // by what it does, which is no module's name, and nothing here could answer the kernel. The agent mounts the ESP
  // where the root may have no modprobe: FAT and its two tables of names are loaded before.
  drivers: words(`
    efi_pstore efivarfs
    virtio_pci virtio_blk sd_mod nvme ahci
    xhci_pci usb_storage
    sha256_ssse3 crc32c_generic crc32c_intel dm_verity erofs overlay ext4
    vfat nls_cp437 nls_ascii`),
  rare: words(`
    virtio_mmio virtio_scsi vmd ata_piix vmw_pvscsi hv_storvsc xen_blkfront mptspi mpt3sas megaraid_sas smartpqi
    ehci_pci uas sdhci_pci sdhci_acpi mmc_block`),
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/)
}
