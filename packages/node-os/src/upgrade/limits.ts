/** Bounds of upgrades, each with its unit, and where the number comes from. */

/** What a power cut may cost of a slot that is being written: some seconds of a disk or a link. */
export const progressBytes = 16 * 2 ** 20
/** One write to a slot or the ESP. */
export const writeBytes = 2 ** 20

/** A kernel with its initrd: 17 MiB for virtual machines, 60 with every driver. */
export const kernelBytesMax = 256 * 2 ** 20
/** Left free on the ESP for directories and the loader's own renames. */
export const espReserveBytes = 512 * 1024
/** Files that are looked at on an ESP that somebody else fills too. */
export const espFilesMax = 200
/** Foreign files that a message names. */
export const foreignNamedMax = 5

/** Some years of upgrades; what is older than that is left out when the journal is written anew. */
export const journalBytesMax = 256 * 1024
export const journalRecordsKept = 200
export const journalLandmarksKept = 100
export const journalRecordBytesMax = 8 * 1024

/** A line that the initrd wrote: three counts and a sentence. */
export const bootStartsBytesMax = 4096

export const outcomesReportedMax = 10
export const messageLengthMax = 2000
/** Words of a panic that are shown: its first line and some more. */
export const panicTextLengthMax = 300
export const panicFilesMax = 32
export const panicFileBytesMax = 256 * 1024
/** Descriptions and kernels that are kept in data: one for each slot and the one that comes. */
export const imagesKeptMax = 8

/** Parts of a UKI that are read: its headers, its words, its signatures. */
export const ukiHeaderBytes = 4096
export const ukiTextBytesMax = 16 * 1024
export const ukiCertificateBytesMax = 64 * 1024
/** Firmware with many keys: each certificate is about 1.5 kB. */
export const efiVariableBytesMax = 256 * 1024

/** fsck of a small FAT takes a second; a stuck one must not hold up an upgrade for ever. */
export const toolTimeoutMs = 120_000
/** After which the init's own way down is not waited for any longer. */
export const restartGraceMs = 90_000
