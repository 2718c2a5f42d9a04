/** Machines outlive their makers' plans; no firmware looks at the end, tools do. */
export const certificateYears = 20
/** What UEFI firmware is sure to know. */
export const rsaModulusBits = 2048
/** scrypt with 16 MiB: the most that OpenSSL opens without being asked to; half a second on a small board. */
export const scryptCost = 16_384
export const scryptBlockSize = 8
/** Shorter ones are guessed. */
export const passphraseCharactersMin = 8
export const passphraseBytesMax = 1024
/** A key or a certificate is below 4 kB. */
export const keyFileBytesMax = 64 * 1024
/** Name of the owner, in the subject of each certificate (X.520: ub-organization-name). */
export const ownerNameCharactersMax = 48
/** Certificates that one signature list or signature may bring. */
export const certificatesMax = 32
