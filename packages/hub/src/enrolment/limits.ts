/** A signing request and what a device says of itself; ten times what ours send. */
export const enrollBodyBytesMax = 64 * 1024
/** Enrolments at work at once; each writes to the store three times. */
export const enrolmentsUnderWayMax = 32
/**
 * Devices that wait in the lobby of a namespace: strangers may knock, but not fill the store. With the
 * bounds of what each says of itself this is 12 MB at most.
 */
export const pendingRequestsMax = 1000
export const hardwareFactsMax = 30
export const hardwareFactCharactersMax = 128
/** How often a device that waits should ask. */
export const pendingRetrySeconds = 10
