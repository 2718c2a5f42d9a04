import { X509Certificate } from 'node:crypto'
import { efiGuids, guidBytes } from './efi-guid.ts'
import type { SecureBootKey } from './key-files.ts'
import { certificatesMax } from './limits.ts'
import { type Signer, detachedSignedData } from './pkcs7.ts'

export type OwnedCertificate = { readonly owner: string; readonly certificate: X509Certificate }

/** EFI_SIGNATURE_LISTs, one for each certificate: they may differ in size. */
export function efiSignatureList(certificates: readonly OwnedCertificate[]): Buffer {
  return Buffer.concat(
    certificates.map(({ owner, certificate }) => {
      const signatureBytes = 16 + certificate.raw.length
      const sizes = Buffer.alloc(12)
      sizes.writeUInt32LE(28 + signatureBytes, 0)
      sizes.writeUInt32LE(signatureBytes, 8)
      return Buffer.concat([
        guidBytes(efiGuids.certificateX509),
        sizes,
        guidBytes(owner),
        certificate.raw,
      ])
    }),
  )
}

/** Non-volatile, for boot services and run time, written by time-based authenticated updates. */
const attributes = 0x27

/**
 * A signed update of a variable of Secure Boot (EFI_VARIABLE_AUTHENTICATION_2 and the new content), as the
 * loader enrols it from `loader/keys`. A firmware takes a later one only.
 */
export function efiVariableUpdate(
  name: SecureBootKey,
  content: Uint8Array,
  issuedAtMs: number,
  signer: Signer,
): Buffer {
  const vendor = name === 'db' ? efiGuids.imageSecurityDatabase : efiGuids.globalVariable
  const moment = efiTime(issuedAtMs)
  const attributeBytes = Buffer.alloc(4)
  attributeBytes.writeUInt32LE(attributes)
  const signature = detachedSignedData(
    Buffer.concat([
      Buffer.from(name, 'utf16le'),
      guidBytes(vendor),
      attributeBytes,
      moment,
      content,
    ]),
    signer,
  )
  const header = Buffer.alloc(8)
  header.writeUInt32LE(8 + 16 + signature.length, 0)
  header.writeUInt16LE(0x0200, 4)
  header.writeUInt16LE(0x0ef1, 6)
  return Buffer.concat([moment, header, guidBytes(efiGuids.certificatePkcs7), signature, content])
}

function efiTime(epochMs: number): Buffer {
  const moment = new Date(epochMs)
  const bytes = Buffer.alloc(16)
  bytes.writeUInt16LE(moment.getUTCFullYear(), 0)
  bytes[2] = moment.getUTCMonth() + 1
  bytes[3] = moment.getUTCDate()
  bytes[4] = moment.getUTCHours()
  bytes[5] = moment.getUTCMinutes()
  bytes[6] = moment.getUTCSeconds()
  return bytes
}

/** The certificates in a signed update of db, or undefined when it is none. Takes any bytes. */
export function certificatesOfUpdate(update: Buffer): X509Certificate[] | undefined {
  if (update.length < 24) return undefined
  let rest = update.subarray(16 + update.readUInt32LE(16))
  const found: X509Certificate[] = []
  while (rest.length > 0) {
    if (rest.length < 28 || found.length === certificatesMax) return undefined
    const listBytes = rest.readUInt32LE(16)
    const isOfCertificates = rest.subarray(0, 16).equals(guidBytes(efiGuids.certificateX509))
    if (!isOfCertificates || listBytes < 44 || listBytes > rest.length) return undefined
    const [headerBytes, signatureBytes] = [rest.readUInt32LE(20), rest.readUInt32LE(24)]
    if (headerBytes !== 0 || signatureBytes !== listBytes - 28) return undefined
    try {
      found.push(new X509Certificate(rest.subarray(44, listBytes)))
    } catch {
      return undefined
    }
    rest = rest.subarray(listBytes)
  }
  return found
}
