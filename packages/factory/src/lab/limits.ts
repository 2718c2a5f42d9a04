/** Bounds of the lab. */
export const labLimits = {
  /** A console line is cut here: a guest that never ends a line must not fill our memory. */
  consoleLineCharactersMax: 4000,
  /** Lines that are kept in memory; all of them are in the file. A trixie boot with debug output is 5,000. */
  consoleLinesMax: 20_000,
  /** The console's file: a guest that oopses in a loop writes 1 MB/s. */
  consoleFileBytesMax: 64 * 1024 * 1024,
  /** Lines that an error shows. */
  consoleTailLinesMax: 25,
  /** How often the processor time of QEMU is looked at while somebody waits for a line. */
  processorPollMs: 250,
  /** An idle guest uses no processor time, so a wait also ends after so many seconds per second of its limit. */
  wallSecondsPerProcessorSecond: 10,
  wallSecondsMin: 120,
  /** QEMU opens its control socket within a second, on a busy host within ten. */
  controlConnectMs: 30_000,
  controlReplyMs: 60_000,
  controlMessageBytesMax: 1024 * 1024,
  /** From SIGKILL to the end of the process. */
  killMs: 10_000,
  /** Asking whether KVM works: it answers in 0.2 s or not at all. */
  accelerationProbeMs: 10_000,
  /** Sectors of a disk that fail; each is one rule for QEMU. */
  diskFaultSectorsMax: 256,
} as const

/** Bounds of what is read from a disk that a power cut left. */
export const diskLimits = {
  /** Partitions of one table. */
  partitionsMax: 128,
  partitionTableBytesMax: 128 * 1024,
  /** An ESP of 4 GiB with clusters of 4 KiB. */
  fatClustersMax: 1 << 20,
  fatDirectoryBytesMax: 2 * 1024 * 1024,
  fatDirectoryEntriesMax: 10_000,
  fatDepthMax: 16,
  fatFileBytesMax: 512 * 1024 * 1024,
  /** Entries of a write log: an upgrade of 200 MiB makes 2,000. */
  logEntriesMax: 1_000_000,
  logEntryBytesMax: 64 * 1024 * 1024,
  /** Violations that are kept with their words; the rest is counted. */
  violationsMax: 100,
  /** Lines of what changes from state to state. */
  timelineMax: 1000,
  /** Contents that are remembered, before all is forgotten: 100 bytes each. */
  rememberedMax: 500_000,
  /** Places of files that are remembered; a fragmented one has thousands. */
  rememberedChainsMax: 5_000,
} as const
