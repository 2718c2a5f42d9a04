/** A directory of an image that is looked at: /usr/lib/modules holds one name. */
export const erofsDirectoryBytesMax = 4 * 2 ** 20
/** A file of an image that is read: an os-release, a list of keys. */
export const erofsFileBytesMax = 256 * 1024
/** Entries on one ESP that are looked into; each is read whole. */
export const entriesMax = 32
/** index.json of an OCI layout. */
export const indexBytesMax = 4 * 2 ** 20
/** OS images in one OCI layout that are looked into. */
export const artifactsMax = 32
/** Certificates and lists of keys that are read to judge signatures by. */
export const trustFileBytesMax = 1024 * 1024
/** The oldest loader that restarts by itself when it cannot start an image. */
export const loaderVersionMin = 262
