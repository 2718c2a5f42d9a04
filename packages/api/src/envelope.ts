/**
 * A signed document (DSSE 1.0, https://github.com/secure-systems-lab/dsse): the signature covers the
 * exact bytes, so nothing needs to be canonical.
 */
export type Envelope = {
  readonly payloadType: string
  /** The document's bytes, base64. */
  readonly payload: string
  readonly signatures: readonly {
    /** Which key: SHA-256 of its SubjectPublicKeyInfo, in hexadecimal. */
    readonly keyid: string
    /** Ed25519 signature over the pre-authentication encoding, base64. */
    readonly sig: string
  }[]
}

/** A key whose signatures count, as it travels and is kept. */
export type TrustedKey = {
  readonly keyid: string
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string
}
