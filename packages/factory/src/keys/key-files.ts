/** Keys of Secure Boot, as the firmware calls its variables. */
export const secureBootKeys = ['PK', 'KEK', 'db'] as const
export type SecureBootKey = (typeof secureBootKeys)[number]

/** What lies in a directory of keys. */
export const keyFiles = {
  /** Whose keys they are: a KeySet. */
  set: 'keys.json',
  /** PKCS #8, encrypted. */
  privateKey: (name: SecureBootKey | 'image') => `${name}.key`,
  certificate: (name: SecureBootKey) => `${name}.crt`,
  imagePublicKey: 'image.pub',
} as const

/** What `keys.json` says. */
export type KeySet = {
  readonly version: 1
  /** The owner, as in the subject of the certificates. */
  readonly name: string
  /** GUID that marks our entries in the firmware's variables. */
  readonly owner: string
  readonly createdAtMs: number
}
