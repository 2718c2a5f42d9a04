/** Bounds of the boot tests. Clock limits are wide: software emulation on a busy machine is slow. */
export const bootLimits = {
  hubReadyMs: 90_000,
  hubStopMs: 60_000,
  commandMs: 300_000,
  /** From power-on to green at the hub, for the machine that everything starts from. */
  enrolMs: 600_000,
  /** For what a scenario waits for at the hub, unless it says otherwise. */
  waitMs: 300_000,
  lookEveryMs: 500,
  /** Processor seconds of a machine until a line comes, unless the scenario says otherwise. */
  processorSecondsMax: 300,
  /** So long the machine is left alone after it is green, before its disk is what all scenarios start from. */
  settleMs: 8_000,
  consoleTailLines: 40,
  /** Scenarios on one machine: a device reports so many outcomes and a few more. */
  tidyRunsMax: 6,
} as const
