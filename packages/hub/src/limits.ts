/** Header lines of one request, with the token and the cookie. */
export const apiHeaderBytesMax = 32 * 1024
/** Header fields of one request; browsers send 20, proxies add some. */
export const apiHeaderFieldsMax = 100

/** From the first byte of a connection, or of a request on it, to the end of its headers. */
export const apiHeadersMs = 10_000
export const apiHandshakeMs = 10_000
/** A body of an API request, 3 MiB at most, has come within this, or the request is cut. */
export const apiBodyMs = 60_000
/** An upload to the registry may take hours, but not stand still: it moves so much in each window. */
export const uploadWindowMs = 60_000
export const uploadWindowBytesMin = 64 * 1024
/**
 * An answer that is handed over whole has to be taken within this, one in pieces a piece: Node does not
 * tell how much of a piece has gone. 30 MB of a whole large fleet at 100 kB/s.
 */
export const apiReaderStuckMs = 300_000
/** How often slow requests are looked for. */
export const slowLookMs = 5_000

/**
 * A connection on which nothing at all moves for this long is closed. It is longer than the longest watch,
 * which may be silent for its whole hour when its client asked for no bookmarks; a peer that is gone is
 * found much sooner, by keep-alive probes.
 */
export const apiIdleMs = 65 * 60_000
export const apiProbeAfterMs = 60_000
/** Between two requests. Longer than clients wait (Go: 90 s), so that they close and no request is lost. */
export const apiKeepAliveMs = 180_000
/** A connection of HTTP/2 on which nothing was ever asked. */
export const apiSilentMs = 15_000

/** Streams of one connection, as Go's servers have it; clients open another connection past it. */
export const apiStreamsMax = 250
/** Streams that a client takes back: a burst, and so many a second (rapid reset). */
export const apiResetsBurstMax = 500
export const apiResetsPerSecondMax = 50

/** Connections to the API: over HTTP/1.1 each open watch is one, and no more watches than 20,000 are kept. */
export const apiConnectionsMax = 25_000

/** How often it is seen whether the server's certificate is due. */
export const certificateLookMs = 60 * 60_000

/** At a stop: how long clients that are active are told to go elsewhere before nobody is let in. */
export const drainAnnounceMs = 1_000
/** At a stop: how long whoever has just come in may take to ask. */
export const drainLingerMs = 500

/** When the listener closes: how long connections of HTTP/2 have to send what ends their last answers. */
export const lastFramesMsMax = 500
/** At a stop: how long requests that were let in may take to end. */
export const drainMsMax = 30_000
/** The longest `--shutdown-delay-duration`. */
export const shutdownDelayMsMax = 10 * 60_000

/** How often it is seen whether there is garbage to collect and nothing else to do. */
export const collectLookMs = 5_000
/** Less of one processor than this is nothing to do: heartbeats of a few thousand sites. */
export const idleProcessorShareMax = 0.15
/** A collection takes 70 ms at 80 MB, so it has to be worth it; heaps that take seconds are left to V8. */
export const collectGarbageBytesMin = 32 * 2 ** 20
export const collectHeapBytesMax = 2 * 2 ** 30
