/** Bounds of the making of an initrd. The whole of ours is some 15 MiB before compression. */

/** A program, library or module; the largest kernel module of Debian unpacks to some 20 MiB. */
export const initrdFileBytesMax = 64 * 1024 * 1024
export const initrdBytesMax = 512 * 1024 * 1024
/** Modules with all that they need; we ask for some fifty. */
export const modulesMax = 500
/** Files below a kernel's modules directory; Debian's generic kernel has 4,500. */
export const moduleFilesMax = 20_000
/** Libraries of all programs together. */
export const librariesMax = 200
/** Links on the way to one file, as the kernel has it. */
export const linksMax = 40
/** Milliseconds that unpacking one module may take. */
export const unpackMs = 30_000

/** Sections, program headers or dynamic entries that are looked at in an ELF file; a big module has 100. */
export const elfEntriesMax = 4096
/** Bytes of one name or one line in an ELF file. */
export const elfTextBytesMax = 4096
