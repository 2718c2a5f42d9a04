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
