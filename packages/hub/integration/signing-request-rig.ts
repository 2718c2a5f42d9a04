import { webcrypto } from 'node:crypto'
import { loadX509 } from '../src/trust/x509.ts'

const rsa = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  publicExponent: new Uint8Array([1, 0, 1]),
}

export type MadeRequest = {
  /** The request, PEM in base64, as the API takes it. */
  readonly request: string
  /** PEM. */
  readonly key: string
}

/** A certificate signing request as a person makes it. */
export async function makeSigningRequest(options: {
  readonly name: string
  readonly groups?: readonly string[]
  /** Absent: an elliptic curve. */
  readonly rsaBits?: number
  readonly alternativeUrl?: string
}): Promise<MadeRequest> {
  const { name, groups = [], rsaBits, alternativeUrl } = options
  const x509 = await loadX509()
  const algorithm =
    rsaBits === undefined
      ? { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      : { ...rsa, modulusLength: rsaBits }
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, [
    'sign',
    'verify',
  ])) as webcrypto.CryptoKeyPair
  const made = await x509.Pkcs10CertificateRequestGenerator.create({
    name: new x509.Name([
      ...groups.map((group) => ({ O: [{ utf8String: group }] })),
      { CN: [{ utf8String: name }] },
    ]),
    signingAlgorithm: algorithm,
    keys,
    extensions:
      alternativeUrl === undefined
        ? []
        : [new x509.SubjectAlternativeNameExtension([{ type: 'url', value: alternativeUrl }])],
  })
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey))
  const key = `-----BEGIN PRIVATE KEY-----\n${der.toString('base64')}\n-----END PRIVATE KEY-----\n`
  return { request: Buffer.from(made.toString('pem')).toString('base64'), key }
}
