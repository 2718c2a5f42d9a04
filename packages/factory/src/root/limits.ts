/** Files of a root: a desktop distribution has 300,000. */
export const rootEntriesMax = 2_000_000
/** What a root may weigh unpacked; slots are smaller. */
export const rootBytesMax = 32 * 2 ** 30
/** A path, as Linux has it. */
export const pathBytesMax = 4096
export const nameBytesMax = 255
/** Directories in each other: real roots have some twenty, and every one costs a look at each path in it. */
export const pathDepthMax = 256
/** Links that are followed before it is a circle, as Linux has it. */
export const linksFollowedMax = 40
/** The long names and attributes of one file in a tar. */
export const tarExtensionBytesMax = 2 ** 20
/** Extended attributes of all files in a tar: they are held in memory. */
export const attributeBytesMax = 256 * 2 ** 20
/** A tar is read through a window: many small files in one read. */
export const tarWindowBytes = 256 * 1024
/** A file that is read whole to be changed or looked into: a package database has 20 MB. */
export const textFileBytesMax = 256 * 2 ** 20
/** A layer list of an OCI image. */
export const layersMax = 500
export const configBytesMax = 4 * 2 ** 20
/** What one layer may be when it is unpacked, whatever its compressed size. */
export const layerBytesMax = 32 * 2 ** 30
/** Modules of one kernel: Debian's largest has 4,500. */
export const modulePathsMax = 50_000
