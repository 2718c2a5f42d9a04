/** Every bound of the hub's controllers, with its unit in its name. */

/** While a rollout is under way its gates are looked at this often. */
export const rolloutLookMs = 2_000

/** A window may open in a month: until then a rollout that is over is looked at so often, as clocks may be put. */
export const rolloutWakeMsMax = 3_600_000

/** Measurements of the running version from before a rollout count this far back. */
export const baselineHistoryMs = 10 * 60_000

/** Sites whose measurements one look adds up: enough for any gate, and one query stays small. */
export const measuredSitesMax = 40

/** Rollouts that are kept per fleet, for those who ask what happened. */
export const rolloutsKeptMax = 50

/** A site that was not heard of for this long is offline, whatever its last word. */
export const presenceGraceMs = 90_000

/** `lastSeenTime` is written at most this often per site, so that heartbeats do not flood the log. */
export const lastSeenEveryMs = 30_000

/** Connected sites are marked as seen this often. */
export const presenceRefreshMs = 30_000

/** A site spec says for how long it is young; it is issued anew when a third of that is left. */
export const specValidMs = 90 * 24 * 3_600_000
export const specRenewBeforeMs = 30 * 24 * 3_600_000
export const specLookMs = 24 * 3_600_000

/** Events older than this are forgotten. */
export const eventKeptMs = 24 * 3_600_000
/** More events than this are too many, oldest first. */
export const eventsKeptMax = 20_000
export const eventSweepMs = 5 * 60_000

/** Measurements older than this are forgotten. */
export const rollupKeptMs = 7 * 24 * 3_600_000
export const rollupSweepMs = 10 * 60_000

/** Contents of a namespace that are removed in one go before looking again. */
export const namespaceSweepObjectsMax = 1_000

/** Failures that a site's status remembers. */
export const failedContentMax = 100

/** Streams of reports whose order is remembered: one per site. */
export const reportStreamsMax = 1_000_000

/** Signing requests are forgotten so long after they were decided, or made if nobody decides. */
export const signingRequestDecidedKeptMs = 3_600_000
export const signingRequestPendingKeptMs = 24 * 3_600_000
