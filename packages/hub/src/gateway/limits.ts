/** Connections of one hub process: the aim is 10,000 sites on two cores, and twice that in a failover. */
export const connectionsMax = 20_000
/** Streams that a device may have open: a spec stream, a report, telemetry, blobs, and the reverse. */
export const streamsPerDeviceMax = 32
export const headerListBytesMax = 16 * 1024
export const sessionMemoryMebibytesMax = 8
/** A site has one or two layers; each report of a layer is below 3 kB. */
export const statusBytesMax = 256 * 1024
/** 500 records of 2 kB. */
export const telemetryBytesMax = 2 ** 20
/**
 * Measurements that a site may send: a full spool at once, and ten models each second. More would fill
 * the database, and the answers about all other sites with it.
 */
export const telemetryRecordsFlow = { atOnceMax: 20_000, perSecondMax: 10 }
/** Requests of a site: each report is two rows of the log, which everybody who watches reads. */
export const requestsFlow = { atOnceMax: 600, perSecondMax: 5 }
/** Sites whose flow is remembered. */
export const flowKeysMax = 100_000
/** How far the clock of a site may be ahead; what ends later is said to have ended then. */
export const clockAheadMsMax = 5 * 60_000
/** A record is of one interval, which lasts an hour at most, and somewhat longer if the machine slept. */
export const recordMsMax = 24 * 3_600_000
export const renewBytesMax = 32 * 1024
export const blobStreamsPerDeviceMax = 4
/** Renewals in one connection; a device renews once in 16 hours. */
export const renewalsPerConnectionMax = 50
/** A reader of specs that does not take a document within this time is cut off. */
export const specDrainMsMax = 60_000
/** Specs that are read from the store at once after changes may have been missed. */
export const specReadsAtOnceMax = 32
/** Idle connections: a PING and its answer cost about 80 bytes with TLS, 5 kB an hour. */
export const keepAliveMsDefault = 60_000
export const pingAnswerMsMax = 20_000
/** A connection that was not admitted may stay this long, to be told why or to renew. */
export const unadmittedMsMax = 60_000
/** How long the watch of Devices waits after a failure. */
export const watchRetryMs = 1000
export const certificateCheckMsMax = 3_600_000
