/** Every bound of the loop, with its unit in its name. */

/** Keys that wait in one queue: every site of the largest fleet we promise, ten times. */
export const queuedKeysMax = 1_000_000

/** A key that failed is tried again after this, doubled each time… */
export const retryFirstMs = 100
/** …but never later than this, so that a mended cause is noticed. */
export const retryMaxMs = 60_000

/** Somebody else wrote between our read and our write: look again at once, nearly. */
export const conflictRetryMs = 20

/** Every key is looked at this often even if no event said so: what a bug missed heals itself. */
export const resyncMs = 10 * 60_000

/** A watch that broke is opened again after this, doubled each time. */
export const watchRetryFirstMs = 100
export const watchRetryMaxMs = 10_000

/** Objects of one kind that are kept in memory. */
export const cachedObjectsMax = 1_000_000

/** A status that many write is tried this often: each round lets one through, and 32 devices enrol at once. */
export const statusTriesMax = 32

/** Who leads is decided anew when a leader is silent for this long; it renews three times in it. */
export const leaseDurationMs = 15_000
export const leaseRenewMs = 5_000

/** Characters of an event's message, as in Kubernetes. */
export const eventMessageCharactersMax = 1024
