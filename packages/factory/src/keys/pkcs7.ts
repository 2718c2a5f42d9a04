import { type KeyObject, type X509Certificate, createHash, sign, verify } from 'node:crypto'
import { algorithm, oids } from './certificate.ts'
import {
  type DerElement,
  DerError,
  contextTag,
  der,
  derTags,
  expectTag,
  integer,
  isOid,
  octets,
  oid,
  readElement,
  readElements,
  sequence,
  setOf,
  within,
} from './der.ts'
import { certificatesMax } from './limits.ts'

/** Who signs: an RSA key and its certificate. */
export type Signer = { readonly privateKey: KeyObject; readonly certificate: X509Certificate }

/** SHA-256 with RSA (PKCS #1 1.5): equal input gives equal bytes. */
const signBytes = (bytes: Uint8Array, signer: Signer): Buffer =>
  sign('sha256', bytes, signer.privateKey)

/**
 * SignedData (RFC 2315) over bytes that lie elsewhere, without signed attributes: what UEFI wants for
 * updates of authenticated variables. Without the ContentInfo around it, which EDK II adds by itself.
 */
export function detachedSignedData(bytes: Uint8Array, signer: Signer): Buffer {
  return signedData(sequence(oid(oids.data)), signer, [
    algorithm(oids.rsaEncryption),
    octets(signBytes(bytes, signer)),
  ])
}

/** ContentInfo with SignedData around a content of its own type (Authenticode). */
export function attachedSignedData(
  contentType: string,
  content: DerElement,
  signer: Signer,
): Buffer {
  const attributes = setOf(
    sequence(oid(oids.contentType), setOf(oid(contentType))),
    sequence(
      oid(oids.messageDigest),
      setOf(octets(createHash('sha256').update(content.content).digest())),
    ),
  )
  const inner = sequence(oid(contentType), der(contextTag(0), content.whole))
  const data = signedData(inner, signer, [
    // The attributes are signed as a set and lie there as [0].
    der(contextTag(0), readElement(attributes).content),
    algorithm(oids.rsaEncryption),
    octets(signBytes(attributes, signer)),
  ])
  return sequence(oid(oids.signedData), der(contextTag(0), data))
}

function signedData(content: Uint8Array, signer: Signer, rest: readonly Uint8Array[]): Buffer {
  const certificate = signer.certificate.raw
  const signerInfo = sequence(
    integer(1),
    issuerAndSerial(certificate),
    algorithm(oids.sha256),
    ...rest,
  )
  return sequence(
    integer(1),
    setOf(algorithm(oids.sha256)),
    content,
    der(contextTag(0), certificate),
    setOf(signerInfo),
  )
}

function issuerAndSerial(certificate: Uint8Array): Buffer {
  const [body] = within(readElement(certificate), derTags.sequence)
  const fields = within(body, derTags.sequence)
  const serial = expectTag(fields[1], derTags.integer)
  const issuer = expectTag(fields[3], derTags.sequence)
  return sequence(issuer.whole, serial.whole)
}

/** A signature as it came: nothing of it is believed yet. */
export type ReadSignedData = {
  readonly contentType: DerElement
  readonly content: DerElement
  /** DER. */
  readonly certificates: readonly Uint8Array[]
  readonly issuerAndSerial: Uint8Array
  /** As they are signed: a set. */
  readonly attributes: Uint8Array
  readonly messageDigest: Uint8Array
  readonly signature: Uint8Array
}

/** Reads a ContentInfo with SignedData of one SHA-256 signer. Throws a DerError for anything else. */
export function readSignedData(bytes: Uint8Array): ReadSignedData {
  const [type, wrapped] = within(readElement(bytes), derTags.sequence)
  if (!isOid(type, oids.signedData)) throw new DerError('is not SignedData')
  const [data] = within(wrapped, contextTag(0))
  const [, , content, ...rest] = within(data, derTags.sequence)
  const [contentType, contentWrapped] = within(content, derTags.sequence)
  const [inner] = within(contentWrapped, contextTag(0))
  const certificates = rest.find(({ tag }) => tag === contextTag(0))
  const signers = within(rest.at(-1), derTags.set)
  if (signers.length !== 1)
    throw new DerError(`has ${signers.length} signers where one is expected`)
  const [, name, digestAlgorithm, attributes, , signature] = within(signers[0], derTags.sequence)
  if (!isOid(within(digestAlgorithm, derTags.sequence)[0], oids.sha256))
    throw new DerError('uses another digest than SHA-256')
  const listed = within(attributes, contextTag(0))
  return {
    contentType: expectTag(contentType, derTags.oid),
    content: expectTag(inner, derTags.sequence),
    certificates:
      certificates === undefined
        ? []
        : readElements(certificates.content, certificatesMax).map(({ whole }) => whole),
    issuerAndSerial: expectTag(name, derTags.sequence).whole,
    attributes: der(derTags.set, ...listed.map(({ whole }) => whole)),
    messageDigest: attributeOf(listed, oids.messageDigest, derTags.octetString).content,
    signature: expectTag(signature, derTags.octetString).content,
  }
}

/** Whether the signature is this certificate's, over this content. */
export function isSignedBy(data: ReadSignedData, certificate: X509Certificate): boolean {
  const digest = createHash('sha256').update(data.content.content).digest()
  if (!digest.equals(data.messageDigest)) return false
  if (!issuerAndSerial(certificate.raw).equals(data.issuerAndSerial)) return false
  return verify('sha256', data.attributes, certificate.publicKey, data.signature)
}

function attributeOf(attributes: readonly DerElement[], name: string, tag: number): DerElement {
  for (const attribute of attributes) {
    const [type, values] = within(attribute, derTags.sequence)
    if (isOid(type, name)) return expectTag(within(values, derTags.set)[0], tag)
  }
  throw new DerError(`has no attribute ${name}`)
}
