export const efiGuids = {
  /** Vendor of PK and KEK. */
  globalVariable: '8be4df61-93ca-11d2-aa0d-00e098032b8c',
  /** Vendor of db. */
  imageSecurityDatabase: 'd719b2cb-3d3a-4596-a3bc-dad00e67656f',
  certificateX509: 'a5c059a1-94e4-4aa7-87b5-ab155c2bf072',
  certificatePkcs7: '4aafd29d-68df-49ee-8aa9-347d375665a7',
  /** Marks entries that Microsoft answers for. */
  microsoft: '77fa9abd-0359-4d32-bd60-28f4e78f784b',
} as const

/** A GUID as it lies in firmware and partition tables: the first three fields are little-endian. */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

export function guidText(bytes: Uint8Array): string {
  const own = Buffer.from(bytes.subarray(0, 16))
  own.subarray(0, 4).reverse()
  own.subarray(4, 6).reverse()
  own.subarray(6, 8).reverse()
  return own.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
