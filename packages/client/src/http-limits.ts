/** Every bound of the HTTP client, with its unit in its name. */

/** Until an answer is complete; a list of 100,000 objects over a slow line stays below it. */
export const requestTimeoutMs = 60_000

/** An answer's body, uncompressed: 100,000 objects of 2 KiB. */
export const answerBytesMax = 256 * 2 ** 20

/** One line of a watch: the largest object twice over. */
export const watchLineCharactersMax = 8 * 2 ** 20

/** A watch is asked to end after this time and begun again, so that no half-open connection lasts. */
export const watchLifeSeconds = 300
/** What is added before a watch that did not end is given up. */
export const watchGraceMs = 30_000

/** Between attempts to come back after a lost connection. */
export const reconnectFirstMs = 200
export const reconnectMaxMs = 30_000

/** Connections that wait for the next request. */
export const idleConnectionsMax = 8
export const connectionsMax = 64
export const keepAliveMs = 30_000
