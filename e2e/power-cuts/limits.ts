/** Bounds of the table of power cuts. */
export const cutLimits = {
  /** A log of writes; a sparse file, of which an upgrade fills 150 MiB. */
  writeLogBytesMax: 4 * 2 ** 30,
  /** Ways to lose unflushed writes that are tried after each write. */
  lossSeeds: 20,
  /** States of a run that fsck.fat, e2fsck and the journal's reader look at. */
  sampledStates: 24,
  /** States of a run that are booted. */
  bootedStates: 12,
  /** Processor seconds of a machine from a cut to its agent; a panicking image takes four starts. */
  bootProcessorSecondsMax: 400,
  /** Violations that a table shows with their words. */
  violationsShown: 12,
  /** Bytes of a file that is read out of a data partition. */
  journalBytesMax: 8 * 2 ** 20,
} as const
