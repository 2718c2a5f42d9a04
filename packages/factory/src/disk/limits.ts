export const mib = 2 ** 20
/** A loader, and three kernels of 60 MiB with room for a fourth that is being written. */
export const espBytesDefault = 512 * mib
export const espBytesMin = 64 * mib
/** Room for the image to grow over the years: a slot is never made larger. */
export const slotBytesMin = 2 * 2 ** 30
export const slotGrowthFactor = 2
/** Journal, logs and a small model; who keeps more says so. */
export const dataBytesDefault = 2 * 2 ** 30
export const dataBytesMin = 64 * mib
/** A disk that an image is written to is not larger. */
export const diskBytesMax = 2 ** 43
/** Of an entry's name: FAT keeps a rename in one sector only for short names in a small directory. */
export const entryNameCharactersMax = 40
/** Files on the ESP of a disk that is listed. */
export const espListLinesMax = 10_000
