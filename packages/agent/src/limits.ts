/** Bounds of the agent, each with its unit, and where the number comes from. */

/** A signed site spec: 100 layers of 10 kB in base64, twice over. */
export const envelopeBytesMax = 4 * 1024 * 1024

/** A dead hub and 10,000 sites: half a minute between tries is 330 connections a second at most. */
export const reconnectFirstMs = 1000
export const reconnectMaxMs = 30_000
export const connectTimeoutMs = 15_000
/** Mobile networks forget a quiet connection after some minutes. */
export const keepAliveMs = 120_000
export const pollIntervalMs = 60_000
/** While an enrolment waits for a person. */
export const enrolPollMs = 5000
/** Renewal is asked for at this share of a certificate's life. */
export const renewAtLifeShare = 2 / 3
/** How often a clock that may have jumped is compared with the certificate. */
export const renewCheckMs = 60_000

/** A change is told at once, but a burst of changes is one report. */
export const reportCoalesceMs = 50
export const reportRetryFirstMs = 1000
export const reportRetryMaxMs = 30_000
export const heartbeatSecondsDefault = 60
/** A report is sent every minute: beside what the spec asks for only the newest failures travel. */
export const failedReportedMax = 5
export const failureMessageLengthMax = 500

/** A step that did not succeed: the first retry soon, then patiently. */
export const stepRetryFirstMs = 1000
export const stepRetryMaxMs = 60_000
/** The same step again and again without a pause is a loop, and is slowed down. */
export const sameStepInARowMax = 3

export const failuresMax = 100

/** Bytes between two syncs of a download: what a power cut may cost on a slow link. */
export const fetchSyncBytes = 4 * 1024 * 1024
/** Room that a download leaves for state, spool and logs. */
export const diskReserveBytes = 32 * 1024 * 1024

export const workloadRestart = { firstMs: 1000, maxMs: 60_000 }
/** A client waits 5 s for a model that crashed: the first restart comes well within. */
export const modelRestart = { firstMs: 250, maxMs: 60_000 }
/** Who runs this long has recovered: the next crash is a first one. */
export const stableMs = 60_000
/** A workload that lives this long has started. */
export const workloadStartMs = 1000
/** From spawn to ready, on a slow device with a large model. */
export const modelReadyMs = 120_000
export const modelDrainMs = 30_000
/** When the agent itself ends. */
export const modelStopMs = 1000
/** Past its drain deadline a process is given this long before it is killed. */
export const modelKillMs = 5000

/** A client waits this long for a model that is being started. */
export const connectionWaitMs = 5000
export const waitingConnectionsMax = 512
export const refusedConnectionMs = 1000

export const logBytesMax = 1024 * 1024
export const logLineBytesMax = 16 * 1024
/** Lines of a child that wait for the disk; more are dropped and counted. */
export const logQueueLinesMax = 1000

export const spoolBytesMax = 16 * 1024 * 1024
export const segmentBytesMax = 256 * 1024
export const batchRecordsMax = 500
export const batchBytesMax = 256 * 1024
/** Windows that wait for the disk. */
export const pendingRecordsMax = 10_000

export const leftoverGraceMs = 2000
export const localBodyBytesMax = envelopeBytesMax
/** Resident memory of a workload is compared with its limit this often. */
export const memoryCheckMs = 5000
/** A batch that the hub refuses as malformed is given up after so many tries. */
export const refusedBatchTriesMax = 5
/** A task that broke by a bug. */
export const taskRestart = { firstMs: 1000, maxMs: 60_000 }
