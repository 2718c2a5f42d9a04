import { X509Certificate, timingSafeEqual } from 'node:crypto'
import { DerError, derTags, expectTag, isOid, within } from '../keys/der.ts'
import { type ReadSignedData, isSignedBy, readSignedData } from '../keys/pkcs7.ts'
import { digestOfPe } from './authenticode-digest.ts'
import { peSignatureBytesMax, peSignaturesMax } from './limits.ts'
import { type PeImage, readPe } from './pe-image.ts'
import { authenticodeOids } from './sign-efi.ts'

export type EfiVerdict =
  | { readonly ok: true; readonly signer: string }
  | {
      readonly ok: false
      readonly reason: EfiRefusal
      readonly message: string
      /** Who signed it, where the signature is whole and the signer unknown. */
      readonly signer?: string
    }

export type EfiRefusal =
  | 'NotEfi'
  /** It carries no signature. */
  | 'Unsigned'
  /** A signature is there and cannot be read. */
  | 'Malformed'
  /** Signed for other bytes: the program was changed. */
  | 'Changed'
  /** Whole, and signed by somebody else. */
  | 'UnknownSigner'

const refuse = (reason: EfiRefusal, message: string) => ({ ok: false, reason, message }) as const

/** Whether one of these certificates, or one that it issued, signed the program. Takes any bytes. */
export function verifyEfi(file: Uint8Array, trusted: readonly X509Certificate[]): EfiVerdict {
  const read = readPe(file)
  if (!read.ok) return refuse('NotEfi', `It ${read.message}.`)
  if (read.image.certificates.bytes === 0)
    return refuse('Unsigned', 'It is not signed: a machine with Secure Boot refuses it.')
  try {
    return verifySignatures(read.image, trusted)
  } catch (error) {
    if (!(error instanceof DerError)) throw error
    return refuse('Malformed', `Its signature ${error.message}: sign it again.`)
  }
}

function verifySignatures(image: PeImage, trusted: readonly X509Certificate[]): EfiVerdict {
  const digest = digestOfPe(image)
  let refusal: EfiVerdict = refuse(
    'Malformed',
    'Its table of signatures holds none: sign it again.',
  )
  for (const bytes of signaturesOf(image)) {
    const data = readSignedData(bytes)
    const certificates = data.certificates.flatMap(parseCertificate)
    if (!timingSafeEqual(signedDigest(data), digest)) {
      refusal = refuse('Changed', 'It was changed after it was signed: build or fetch it again.')
      continue
    }
    const signer = [...trusted, ...certificates].find((one) => isSignedBySafely(data, one))
    if (signer === undefined) {
      refusal = refuse('Changed', 'Its signature does not hold: build or fetch it again.')
      continue
    }
    if (trusted.some((one) => one.raw.equals(signer.raw) || isIssuer(one, signer)))
      return { ok: true, signer: nameOf(signer) }
    const name = nameOf(signer)
    const message = `It is signed by ${name}, whom the given certificates do not name.`
    refusal = { ...refuse('UnknownSigner', message), signer: name }
  }
  return refusal
}

/** The signatures in the table, one after the other, each padded to 8 bytes. */
function signaturesOf({ bytes, certificates }: PeImage): Buffer[] {
  const found: Buffer[] = []
  const end = certificates.offset + certificates.bytes
  for (let at = certificates.offset; at + 8 <= end;) {
    const length = bytes.readUInt32LE(at)
    if (length < 8 || at + length > end) throw new DerError('says a length that cannot be')
    if (length > peSignatureBytesMax || found.length === peSignaturesMax)
      throw new DerError(
        `is longer than ${peSignatureBytesMax} bytes, or one of more than ${peSignaturesMax}`,
      )
    if (bytes.readUInt16LE(at + 6) === 0x0002) found.push(bytes.subarray(at + 8, at + length))
    at += Math.ceil(length / 8) * 8
  }
  return found
}

/** What the signature says that the program's digest is. */
function signedDigest(data: ReadSignedData): Uint8Array {
  if (!isOid(data.contentType, authenticodeOids.indirectData))
    throw new DerError('is not one of an EFI program')
  const [, digestInfo] = within(data.content, derTags.sequence)
  const [, digest] = within(digestInfo, derTags.sequence)
  const { content } = expectTag(digest, derTags.octetString)
  if (content.length !== 32) throw new DerError('holds a digest of another length than SHA-256')
  return content
}

function isSignedBySafely(data: ReadSignedData, certificate: X509Certificate): boolean {
  try {
    return isSignedBy(data, certificate)
  } catch {
    // A key of a kind that makes no such signatures.
    return false
  }
}

function isIssuer(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey)
  } catch {
    return false
  }
}

function parseCertificate(bytes: Uint8Array): X509Certificate[] {
  try {
    return [new X509Certificate(bytes)]
  } catch {
    return []
  }
}

const nameOf = (certificate: X509Certificate): string =>
  `${certificate.subject.replaceAll('\n', ', ')} (${certificate.fingerprint256.slice(0, 23)}...)`
