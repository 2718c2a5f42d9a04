/** Header lines of one request, with the token and the cookie. */
export const apiHeaderBytesMax = 32 * 1024
/** A connection on which nothing moves for this long is closed; longer than the longest watch. */
export const apiIdleMs = 65 * 60_000
/** How often it is seen whether the server's certificate is due. */
export const certificateLookMs = 60 * 60_000
/** Connections to the API: over HTTP/1.1 each open watch is one, and no more watches than 20,000 are kept. */
export const apiConnectionsMax = 25_000
