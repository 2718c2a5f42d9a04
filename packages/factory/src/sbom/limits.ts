/** A desktop has 5,000 packages. */
export const packagesMax = 50_000
/** Headers of one package in a database of RPM. */
export const rpmHeaderBytesMax = 16 * 2 ** 20
export const rpmEntriesMax = 4096
