import { isRawNumber } from '@skerry/base/json'
import { quotedCharactersMax } from './limits.ts'

/** A value that somebody sent, as a message may show it: short, and safe to print. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null && !isRawNumber(value)) return 'an object'
  if (value === undefined) return 'absent'
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'string') return JSON.stringify(value)
  return value.length <= quotedCharactersMax
    ? JSON.stringify(value)
    : `${JSON.stringify(value.slice(0, quotedCharactersMax))}…`
}

/** A shape, as people write it. */
export function quoteShape(shape: readonly unknown[]): string {
  const shown = shape.slice(0, 16).map((dimension) => quote(dimension))
  return `[${shown.join(',')}${shape.length > 16 ? ',…' : ''}]`
}

const printable = /^[\x20-\x7e\t\r\n]+$/
const startBytes = 24

/** The beginning of a file: as text where it is text, else in hexadecimal. */
export function quoteBytes(bytes: Uint8Array): string {
  const start = bytes.subarray(0, startBytes)
  const text = String.fromCharCode(...start)
  if (printable.test(text)) return JSON.stringify(text)
  return Array.from(start.subarray(0, 12), (byte) => byte.toString(16).padStart(2, '0')).join(' ')
}
