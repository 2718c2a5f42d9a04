/** What a program may print to standard output: the largest is a certificate store, below 1 MiB. */
export const stdoutBytesMax = 64 * 2 ** 20
/** How much of the end of a program's log is kept: some 500 lines. */
export const logBytesMax = 64 * 1024
/** How many of its last lines an error shows. */
export const logLinesShown = 12
/** A line of the log that never ends is cut here. */
export const logLineBytesMax = 4096
/** Secrets are keys and passphrases; more is a mistake. */
export const secretBytesMax = 64 * 1024
export const secretsMax = 16
export const bindsMax = 64
