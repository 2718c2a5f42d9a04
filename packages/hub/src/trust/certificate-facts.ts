import type { X509Certificate } from 'node:crypto'
import type { DeviceIdentity } from '@skerry/api/device-protocol'
import { keyIdOf } from '@skerry/artifact/key-id'
import { parseIdentityUri } from './device-subject.ts'

/** What a certificate says, and whether our authority signed it. */
export type CertificateFacts = {
  readonly isFromAuthority: boolean
  readonly isForClients: boolean
  readonly notBeforeMs: number
  readonly notAfterMs: number
  readonly serialNumber: string
  /** SHA-256 of the public key (SubjectPublicKeyInfo, DER), hexadecimal. */
  readonly publicKeyDigest: string
  /** SHA-256 of the certificate (DER), hexadecimal. */
  readonly fingerprint: string
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Present in the certificates of devices. */
  readonly identity: DeviceIdentity | undefined
}

const clientAuthOid = '1.3.6.1.5.5.7.3.2'

export function certificateFacts(
  certificate: X509Certificate,
  authority: X509Certificate,
): CertificateFacts {
  const subject = certificate.subject.split('\n')
  const valuesOf = (name: string) =>
    subject
      .filter((line) => line.startsWith(`${name}=`))
      .map((line) => unescapeName(line.slice(name.length + 1)))
  const uri = /^URI:(skerry:[^,\s]+)$/.exec(certificate.subjectAltName ?? '')?.[1]
  return {
    isFromAuthority:
      !certificate.ca &&
      certificate.checkIssued(authority) &&
      certificate.verify(authority.publicKey),
    isForClients:
      (certificate.keyUsage as readonly string[] | undefined)?.includes(clientAuthOid) === true,
    notBeforeMs: certificate.validFromDate.getTime(),
    notAfterMs: certificate.validToDate.getTime(),
    serialNumber: certificate.serialNumber.toLowerCase(),
    publicKeyDigest: keyIdOf(certificate.publicKey),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    commonName: valuesOf('CN')[0] ?? '',
    organizations: valuesOf('O'),
    identity: uri === undefined ? undefined : parseIdentityUri(uri),
  }
}

/** Names come with a backslash before what has a meaning in RFC 2253, or as the hexadecimal of a byte. */
function unescapeName(text: string): string {
  return text.replaceAll(/\\([0-9A-Fa-f]{2})|\\(.)/g, (_, hex?: string, character?: string) =>
    hex === undefined ? (character ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
