/** What can be said of a kernel's signature without checking it: who signed, and whom the firmware knows. */
export type FirmwareTrust = 'Known' | 'Unsigned' | 'Foreign' | 'Unknown'

const x509Type = 'a159c0a5e494a74a87b5ab155c2bf072'
const listHeaderBytes = 28
const ownerBytes = 16
const listsMax = 64

/**
 * `certificates` is the attribute certificate table of a UKI, `db` the firmware's variable. A kernel that
 * carries none of the certificates that the firmware holds is foreign to it.
 */
export function firmwareTrust(
  certificates: Uint8Array | undefined,
  db: Uint8Array | undefined,
): FirmwareTrust {
  if (certificates === undefined) return 'Unsigned'
  if (db === undefined) return 'Unknown'
  const known = certificatesOf(Buffer.from(db))
  if (known.length === 0) return 'Unknown'
  const signed = Buffer.from(certificates)
  return known.some((certificate) => signed.includes(certificate)) ? 'Known' : 'Foreign'
}

/** The X.509 certificates in a list of EFI_SIGNATURE_LIST. Takes any bytes. */
function certificatesOf(db: Buffer): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0, lists = 0; at + listHeaderBytes <= db.length && lists < listsMax; lists += 1) {
    const listBytes = db.readUInt32LE(at + 16)
    const first = at + listHeaderBytes + db.readUInt32LE(at + 20)
    const entryBytes = db.readUInt32LE(at + 24)
    if (listBytes < listHeaderBytes || at + listBytes > db.length) break
    const isX509 = db.toString('hex', at, at + 16) === x509Type
    if (isX509 && entryBytes > ownerBytes)
      for (let entry = first; entry + entryBytes <= at + listBytes; entry += entryBytes)
        found.push(db.subarray(entry + ownerBytes, entry + entryBytes))
    at += listBytes
  }
  return found
}
