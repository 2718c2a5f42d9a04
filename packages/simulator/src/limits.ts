/** Bounds and measures of a simulated world, each with its unit. */

export const diskCapacityBytes = 256 * 2 ** 20
/** A sync of a good card, and of a bad one that tidies up. */
export const syncMsMin = 0.3
export const syncMsMax = 60
/** How late comes what was lost and sent again. */
export const retransmitMsMin = 200
export const retransmitMsMax = 3000
/** What a TLS session and HTTP/2 cost before the first request, in messages there and back. */
export const handshakeRoundTrips = 3
/** What a PING of HTTP/2 weighs with TLS. */
export const pingBytes = 40
/** Certificates of a device that the hub still knows; older ones it has long replaced. */
export const certificatesPerDeviceMax = 8
/** From the start of a model's process until it serves. */
export const modelLoadMsMin = 200
export const modelLoadMsMax = 3000
/** A process that is asked to end does so within this. */
export const exitMsMax = 400
export const requestsPerWindowMax = 2000
/** What a service manager waits before it starts again what ended. */
export const serviceRestartMs = 2000
/** A satellite on a bad day. */
export const slowLink = { delayMs: 700, lossShare: 0.1 }
/** Share of the reads that a dying disk fails. */
export const failingReadsShare = 0.2
/** How often the world is looked at from outside. */
export const lookEveryMs = 5000
/**
 * How long a status may claim what is no longer so while the hub takes the site for connected: a keep-alive of
 * 60 s and its answer (20 s), the grace of presence (90 s), a reconnect and a retry of 30 s each, and a breath.
 */
export const statusLagMsMax = 240_000
/**
 * How long a world that is well again may take until everything is at rest: gates wait for samples, and what was
 * measured while the clock of the hub was ahead counts only when the time is there.
 */
export const restMsMax = 2 * 3_600_000
/** Violations of one run that are told; the first one matters. */
export const reportedViolationsMax = 20
/** Runs that making a failing scenario smaller may take. */
export const shrinkRunsMax = 200
