/** Bounds of `skerry lab demo`. Wide: software emulation on a busy machine takes ten times as long as on a quiet one. */
export const demoLimits = {
  hubReadyMs: 120_000,
  /** From power-on to green at the hub. */
  greenMs: 900_000,
  /** From a changed Profile to the end of its Rollout. */
  rolloutMs: 1_800_000,
  measuredMs: 180_000,
  /** Then it has been seen to run. */
  answersMin: 10,
  lookEveryMs: 500,
  /** Without a terminal a line says now and then what is waited for. */
  stillWaitingMs: 20_000,
  /** A step of a build that takes less is not worth a line. */
  stepShownMs: 100,
  tokenValidMs: 3_600_000,
  machineMemoryMiB: 1024,
  machineCpus: 2,
  /** What the machine, the hub and a build hold at once. */
  memoryBytesMin: 2.5 * 2 ** 30,
  /** Three images, one disk and the hub's copies of them. */
  dataBytesMin: 2 * 2 ** 30,
  /** Packages and trees on the first run. */
  cacheBytesMin: 3 * 2 ** 30,
  consoleTailLines: 15,
} as const
