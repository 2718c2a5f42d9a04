/** Every bound of the API server, with its unit in its name. */

/** A body, as in a kube-apiserver: one object of the largest size, and nothing that fills memory. */
export const bodyBytesMax = 3 * 2 ** 20

/** What is still read, and thrown away, of a body that is too large, so that its sender sees the answer. */
export const drainBytesMax = 16 * 2 ** 20

/** No schema goes deeper than 20. */
export const jsonDepthMax = 100

/** Long label selectors fit; Node itself stops at 16 KiB of headers. */
export const urlCharactersMax = 8192

/** Clauses of an Accept header that are looked at. */
export const acceptClausesMax = 32

/**
 * Requests that are being answered or wait for their turn, watches apart. It is past what the classes let
 * wait, so that nobody is refused because of somebody else.
 */
export const requestsInFlightMax = 8000

/** When the server closes: how long requests that are being answered may take to end. */
export const closeWaitMsMax = 30_000

/** How long a check of readiness may take before it counts as failed. */
export const readyCheckMsMax = 2000

/** Open watches: 10,000 clients with a few each would be too many for one process; 20,000 idle ones hold about 400 MB. */
export const watchesMax = 20_000

/** Who takes nothing of a watch or a list for so long is cut off and may come back. */
export const slowReaderMs = 15_000

/** A watcher that is cut off is told why, if it reads on within this. */
export const lastWordsMs = 1_000

/** A continue token holds two names of 253 characters at most, as base64. */
export const continueCharactersMax = 2_048

/** A watch that names no end lasts between one and two of these, so that clients spread over time. */
export const watchLifeMs = 30 * 60_000
export const watchSecondsMax = 24 * 3600

/** Answers larger than this are compressed when the client can read it. */
export const compressBytesMin = 128 * 1024

/** Lists longer than this are sent as they come; shorter ones at once, with their length. */
export const streamCharactersMin = 512 * 1024

/** Bytes of a long answer that are written before others get their turn. */
export const writeBytesMax = 64 * 1024

/** How often a patch is tried again when somebody else was faster. */
export const patchTriesMax = 8

/** Warnings of one answer, and the length of each; headers are small. */
export const warningsMax = 20
export const warningCharactersMax = 250

/** Users of whom it is remembered how they last acted for another: about 100 bytes each. */
export const impersonatorsRememberedMax = 10_000
