/** Room beyond what is known to be written: file systems do not like to be full. */
export const spareBytes = 256 * 2 ** 20
/** A build without packages that can be measured is taken for this: a generic kernel and a small root. */
export const unknownRootBytes = 512 * 2 ** 20
/** Steps of one sort that stay in the cache whatever their age: some schematics, each with its last two builds. */
export const stepsKept = 8
/** A step that was not used for so long is in nobody's hands. */
export const stepIdleMs = 24 * 3_600_000
