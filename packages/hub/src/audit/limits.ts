/** Every bound of the audit, with its unit in its name. */

/** A larger file is set aside and a new one begun, as `--audit-log-maxsize`. */
export const logMegabytesMax = 100
/** Files set aside that are kept, as `--audit-log-maxbackup`; with the size, 1 GB. */
export const logBackupsMax = 10
/** Days that a file set aside is kept, as `--audit-log-maxage`; 0: however old. */
export const logAgeDaysMax = 0

/** Events that wait for the disk, as text. Past it they are dropped and counted. */
export const bufferBytesMax = 16 * 2 ** 20

/** An object in an event; larger ones are left out, and the event says so. */
export const objectCharactersMax = 1_500_000

/** As a kube-apiserver shortens it. */
export const userAgentCharactersMax = 1024

/** A client's own name for its request; anything longer is replaced. */
export const auditIdCharactersMax = 128

/** Proxies that are named as the source of a request. */
export const sourceIpsMax = 10

/** A policy file, and what it may hold. */
export const policyBytesMax = 1024 * 1024
export const policyRulesMax = 1000

/** How often it is said that events are being dropped. */
export const dropLogMs = 60_000

/** How long events wait for others to be written with them. */
export const eventsGatherMs = 20
