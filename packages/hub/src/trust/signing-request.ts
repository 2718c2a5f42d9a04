import { createHash } from 'node:crypto'
import { signingRequestCharactersMax } from './limits.ts'
import { loadX509 } from './x509.ts'

export type ParsedSigningRequest =
  | {
      readonly ok: true
      /** SubjectPublicKeyInfo, DER. */
      readonly publicKey: Uint8Array<ArrayBuffer>
      /** SHA-256 of it, hexadecimal. */
      readonly publicKeyDigest: string
    }
  | { readonly ok: false; readonly message: string }

export type ReadSigningRequest = (pem: unknown) => Promise<ParsedSigningRequest>

const pemPattern =
  /^\s*-----BEGIN CERTIFICATE REQUEST-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE REQUEST-----\s*$/

/**
 * A certificate signing request (PEM, PKCS #10) whose own signature holds. Only the key is taken from it:
 * who the device is, the hub says.
 */
export async function parseSigningRequest(pem: unknown): Promise<ParsedSigningRequest> {
  const refuse = (message: string) => ({ ok: false, message }) as const
  if (typeof pem !== 'string' || pem.length > signingRequestCharactersMax || !pemPattern.test(pem))
    return refuse('request: must be one certificate signing request in PEM (PKCS #10)')
  const { Pkcs10CertificateRequest } = await loadX509()
  try {
    const request = new Pkcs10CertificateRequest(pem)
    const algorithm = request.publicKey.algorithm as { name?: string; namedCurve?: string }
    if (algorithm.name !== 'ECDSA' || algorithm.namedCurve !== 'P-256')
      return refuse(
        `request: the key is ${algorithm.namedCurve ?? algorithm.name ?? 'of an unknown kind'}: make an ECDSA key on P-256`,
      )
    if (!(await request.verify()))
      return refuse('request: its signature does not match its key: sign it with the same key')
    const publicKey = new Uint8Array(request.publicKey.rawData)
    const publicKeyDigest = createHash('sha256').update(publicKey).digest('hex')
    return { ok: true, publicKey, publicKeyDigest }
  } catch {
    return refuse('request: is not a readable certificate signing request (PKCS #10)')
  }
}
