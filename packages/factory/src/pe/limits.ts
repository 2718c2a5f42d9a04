/** A kernel with a large initrd is below 200 MiB; an ESP holds no larger one. */
export const peBytesMax = 1024 * 2 ** 20
/** Sections: a unified kernel image has about twelve. */
export const peSectionsMax = 96
/** Signatures that one file may carry: one for each owner. */
export const peSignaturesMax = 8
export const peSignatureBytesMax = 256 * 1024
/** Texts in sections: a command line is 4 kB at most, an os-release about as long. */
export const peTextBytesMax = 64 * 1024
