/** Room beyond what is known to be written: file systems do not like to be full. */
export const spareBytes = 256 * 2 ** 20
/** A build without packages that can be measured is taken for this: a generic kernel and a small root. */
export const unknownRootBytes = 512 * 2 ** 20
