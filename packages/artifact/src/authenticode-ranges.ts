/** Where the parts of an EFI program (PE32+) lie, as far as its signature covers it. */
export type SignedParts = {
  readonly fileBytes: number
  /** 4 bytes that no signature covers. */
  readonly checksumOffset: number
  /** 8 bytes that no signature covers. */
  readonly certificateEntryOffset: number
  readonly headerBytes: number
  readonly sections: readonly { readonly offset: number; readonly fileBytes: number }[]
  /** Of the signatures at its end, if it has some. */
  readonly certificatesOffset?: number | undefined
}

/** A part of a file; `end` is the first byte behind it. */
export type FileRange = { readonly start: number; readonly end: number }

/**
 * What is digested for a signature, in this order, and so many zeros behind it (Windows Authenticode Portable
 * Executable Signature Format): everything but the checksum, the place of the signatures and the signatures.
 */
export function authenticodeRanges(parts: SignedParts): {
  readonly ranges: readonly FileRange[]
  readonly zeroBytes: number
} {
  const { fileBytes, checksumOffset, certificateEntryOffset, headerBytes, sections } = parts
  const filled = sections.filter((section) => section.fileBytes > 0)
  const ordered = filled.toSorted((a, b) => a.offset - b.offset)
  const digested = ordered.reduce((sum, section) => sum + section.fileBytes, headerBytes)
  const end = parts.certificatesOffset ?? fileBytes
  const ranges = [
    { start: 0, end: checksumOffset },
    { start: checksumOffset + 4, end: certificateEntryOffset },
    { start: certificateEntryOffset + 8, end: headerBytes },
    ...ordered.map(({ offset, fileBytes: length }) => ({ start: offset, end: offset + length })),
    // As the specification has it: what follows so many bytes, wherever sections have left gaps.
    { start: digested, end },
  ]
  return { ranges: ranges.filter((range) => range.end > range.start), zeroBytes: paddingOf(end) }
}

/** Zeros until the next place where signatures may begin. */
export const paddingOf = (length: number): number => (8 - (length % 8)) % 8
