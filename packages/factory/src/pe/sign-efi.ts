import { contextTag, der, octets, oid, readElement, sequence } from '../keys/der.ts'
import { algorithm, oids } from '../keys/certificate.ts'
import { type Signer, attachedSignedData } from '../keys/pkcs7.ts'
import { paddingOf } from '@skerry/artifact/authenticode-ranges'
import { digestOfPe } from './authenticode-digest.ts'
import { readPe } from './pe-image.ts'

export const authenticodeOids = {
  indirectData: '1.3.6.1.4.1.311.2.1.4',
  peImageData: '1.3.6.1.4.1.311.2.1.15',
} as const

export type SignResult =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly message: string }

/**
 * Signs an EFI program for Secure Boot (Authenticode, SHA-256 with RSA), in place of the signatures that it
 * has. Holds no time: equal input gives equal bytes. The key never leaves the process.
 */
export function signEfi(file: Uint8Array, signer: Signer): SignResult {
  const read = readPe(file)
  if (!read.ok) return read
  const { image } = read
  const end = image.certificates.bytes === 0 ? image.bytes.length : image.certificates.offset
  const signature = attachedSignedData(
    authenticodeOids.indirectData,
    readElement(indirectData(digestOfPe(image))),
    signer,
  )
  const entryBytes = 8 + signature.length
  const header = Buffer.alloc(8)
  header.writeUInt32LE(entryBytes + paddingOf(entryBytes), 0)
  header.writeUInt16LE(0x0200, 4)
  header.writeUInt16LE(0x0002, 6)
  const table = Buffer.concat([header, signature, Buffer.alloc(paddingOf(entryBytes))])
  const signed = Buffer.concat([image.bytes.subarray(0, end), Buffer.alloc(paddingOf(end)), table])
  signed.writeUInt32LE(0, image.checksumOffset)
  signed.writeUInt32LE(end + paddingOf(end), image.certificateEntryOffset)
  signed.writeUInt32LE(table.length, image.certificateEntryOffset + 4)
  return { ok: true, bytes: signed }
}

/** SpcIndirectDataContent: no flags, an empty file name, the digest. */
function indirectData(digest: Uint8Array): Buffer {
  const imageData = sequence(
    Buffer.from([0x03, 0x01, 0x00]),
    der(contextTag(0), der(contextTag(2), Buffer.from([0x80, 0x00]))),
  )
  return sequence(
    sequence(oid(authenticodeOids.peImageData), imageData),
    sequence(algorithm(oids.sha256), octets(digest)),
  )
}
