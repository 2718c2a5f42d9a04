/** A manifest of a model is about 1 kB; the distribution specification asks for at least 4 MiB. */
export const manifestBytesMax = 4 * 2 ** 20
/** A model that a small device can serve, with room; a larger one needs a decision. */
export const blobBytesMax = 16 * 2 ** 30
/** Uploads under way at once: each holds a file, none holds memory. */
export const uploadsMax = 64
/** An upload that nobody continues for this long is thrown away. */
export const uploadIdleMs = 24 * 3_600_000
/** Pieces of an upload: small enough to send again on a bad link, large enough to be few. */
export const uploadChunkBytes = 4 * 2 ** 20
/** How often one transfer is taken up again without any progress before it fails. */
export const resumesWithoutProgressMax = 5
export const resumeFirstDelayMs = 200
export const resumeDelayMsMax = 10_000
/** A document that is signed is a site spec or a set of keys. */
export const envelopePayloadBytesMax = 8 * 2 ** 20
/** Signatures that are looked at: one for each key of a rotation, with room. */
export const envelopeSignaturesMax = 16
/** Keys that may be trusted at once. */
export const trustedKeysMax = 16
/** A slot of 64 GiB is far more than a root needs; it bounds what a forged size can ask for. */
export const verityTreeDataBytesMax = 64 * 2 ** 30
/** Data is read in pieces of this size while its tree is made. */
export const verityReadBytes = 2 ** 20
/** Blocks of one level that are written at once: 256 KiB, for flash and for few system calls. */
export const verityWriteBlocks = 64
