import { type KeyObject, createPublicKey, sign } from 'node:crypto'
import {
  bitString,
  contextTag,
  der,
  derNull,
  derTags,
  integer,
  octets,
  oid,
  sequence,
  setOf,
  time,
} from './der.ts'
import { certificateYears } from './limits.ts'

export const oids = {
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  basicConstraints: '2.5.29.19',
  keyUsage: '2.5.29.15',
  sha256: '2.16.840.1.101.3.4.2.1',
  rsaEncryption: '1.2.840.113549.1.1.1',
  sha256WithRsa: '1.2.840.113549.1.1.11',
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
} as const

export const algorithm = (name: string): Buffer => sequence(oid(name), derNull)

export type CertificateRequest = {
  /** What a person reads in the firmware's menu. */
  readonly commonName: string
  readonly organization: string
  /** RSA. */
  readonly privateKey: KeyObject
  /** Names the certificate: 16 bytes of chance. */
  readonly serial: Uint8Array
  readonly notBeforeMs: number
}

/** A self-signed X.509 certificate (DER), as UEFI wants it: no firmware looks at its dates or its chain. */
export function selfSignedCertificate(request: CertificateRequest): Buffer {
  const { privateKey, notBeforeMs } = request
  const name = sequence(
    attribute(oids.organization, request.organization),
    attribute(oids.commonName, request.commonName),
  )
  const end = new Date(notBeforeMs)
  end.setUTCFullYear(end.getUTCFullYear() + certificateYears)
  const body = sequence(
    der(contextTag(0), integer(2)),
    integer(positive(request.serial)),
    algorithm(oids.sha256WithRsa),
    name,
    sequence(time(notBeforeMs), time(end.getTime())),
    name,
    createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
    der(
      contextTag(3),
      sequence(
        extension(oids.basicConstraints, sequence(der(0x01, Buffer.from([0xff])))),
        // digitalSignature and keyCertSign.
        extension(oids.keyUsage, bitString(Buffer.from([0x84]), 2)),
      ),
    ),
  )
  return sequence(body, algorithm(oids.sha256WithRsa), bitString(sign('sha256', body, privateKey)))
}

function attribute(type: string, text: string): Buffer {
  return setOf(sequence(oid(type), der(derTags.utf8String, Buffer.from(text))))
}

const extension = (type: string, value: Uint8Array): Buffer =>
  sequence(oid(type), der(0x01, Buffer.from([0xff])), octets(value))

/** A serial is a positive number. */
function positive(serial: Uint8Array): Buffer {
  const bytes = Buffer.from(serial)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes
}
