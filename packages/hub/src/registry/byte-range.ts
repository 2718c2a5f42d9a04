import type { ByteRange } from '@skerry/artifact/blob-store'

export type RangeAnswer =
  /** No range was asked for, or one that may be ignored. */
  | { readonly kind: 'Whole' }
  | { readonly kind: 'Part'; readonly range: ByteRange }
  | { readonly kind: 'Unsatisfiable' }

/** What a Range header asks of `sizeBytes` bytes (RFC 9110 14.2). Several ranges count as none. */
export function parseRange(header: string | undefined, sizeBytes: number): RangeAnswer {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? '')
  if (match === null) return { kind: 'Whole' }
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return { kind: 'Whole' }
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes)
    return length === 0
      ? { kind: 'Unsatisfiable' }
      : { kind: 'Part', range: { start: sizeBytes - length, end: sizeBytes - 1 } }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return { kind: 'Whole' }
  if (start >= sizeBytes) return { kind: 'Unsatisfiable' }
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1)
  return { kind: 'Part', range: { start, end } }
}
