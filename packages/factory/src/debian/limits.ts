/** A lock of ten sets has some 600 lines of 250 bytes; a hundred times that is a mistake. */
export const lockBytesMax = 16 * 2 ** 20
export const lockedSetsMax = 100
export const packagesPerSetMax = 5_000
/** The largest package of Debian that a machine boots from, the generic kernel, has 110 MiB. */
export const packageBytesMax = 2 ** 30
/** Packages that are fetched side by side: one slow answer does not hold the others. */
export const fetchesAtOnce = 4
/** No byte for so long, and the connection is given up; the next try goes on where it ended. */
export const fetchIdleMs = 20_000
/** Tries of one package that bring nothing new. */
export const fetchTriesMax = 4
export const fetchRetryFirstMs = 500
export const fetchRetryMaxMs = 8_000
/** The file that tells the mirrors of a machine, all of it. */
export const sourcesBytesMax = 2 ** 20
/** What apt may print of a set: a stanza has 1 to 2 KiB. */
export const aptOutputBytesMax = 64 * 2 ** 20
/** Kept packages that nothing named for so long may go. */
export const unusedPackageDays = 90
export const millisecondsPerDay = 86_400_000
/** No build takes so long: what it left half made may go. */
export const abandonedHours = 24
