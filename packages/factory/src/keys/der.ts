/**
 * The little of DER (X.690) that certificates, signatures of EFI programs and updates of EFI variables
 * take: written by small functions, read with bounds. Nothing but definite lengths and short tags.
 */

/** An element as it lies in the bytes. */
export type DerElement = {
  readonly tag: number
  /** The element with its tag and length. */
  readonly whole: Uint8Array
  readonly content: Uint8Array
}

/** The bytes are not the DER that was expected. */
export class DerError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DerError'
  }
}

export const derTags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const

/** The tag of [number], around other elements. */
export const contextTag = (number: number): number => 0xa0 | number

export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content)
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body])
}

export const sequence = (...content: readonly Uint8Array[]): Buffer =>
  der(derTags.sequence, ...content)

export const octets = (bytes: Uint8Array): Buffer => der(derTags.octetString, bytes)

export const derNull = der(derTags.null)

/** A set of any elements: DER sorts them by their bytes. */
export const setOf = (...elements: readonly Uint8Array[]): Buffer =>
  der(derTags.set, ...elements.toSorted((a, b) => Buffer.compare(a, b)))

export function integer(value: number | Uint8Array): Buffer {
  const bytes =
    typeof value === 'number'
      ? Buffer.from(
          value
            .toString(16)
            .padStart(2, '0')
            .replace(/^(.(..)*)$/, '0$1'),
          'hex',
        )
      : Buffer.from(value)
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0 && bytes[start + 1]! < 0x80) start += 1
  const least = bytes.subarray(start)
  return der(derTags.integer, least[0]! >= 0x80 ? Buffer.from([0]) : Buffer.alloc(0), least)
}

export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number)
  const bytes = [first! * 40 + second!]
  for (const arc of rest) bytes.push(...base128(arc))
  return der(derTags.oid, Buffer.from(bytes))
}

export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  der(derTags.bitString, Buffer.from([unusedBits]), bytes)

/** A moment as X.509 writes it: two digits of the year until 2049, four from then on. */
export function time(epochMs: number): Buffer {
  const digits = new Date(epochMs).toISOString().replace(/[-:T]|\.\d+/g, '')
  return digits < '2050'
    ? der(derTags.utcTime, Buffer.from(digits.slice(2)))
    : der(derTags.generalizedTime, Buffer.from(digits))
}

/** All elements that lie side by side in `bytes`. */
export function readElements(bytes: Uint8Array, elementsMax: number): DerElement[] {
  const found: DerElement[] = []
  for (let at = 0; at < bytes.length;) {
    if (found.length === elementsMax) throw new DerError(`has more than ${elementsMax} elements`)
    const element = readElement(bytes.subarray(at))
    found.push(element)
    at += element.whole.length
  }
  return found
}

/** The element at the start of `bytes`; what follows it is left alone. */
export function readElement(bytes: Uint8Array): DerElement {
  const tag = bytes[0]
  const first = bytes[1]
  if (tag === undefined || first === undefined) throw new DerError('ends within an element')
  if ((tag & 0x1f) === 0x1f) throw new DerError('has a long tag')
  let length = first
  let start = 2
  if (first >= 0x80) {
    const digits = first & 0x7f
    if (digits === 0 || digits > 4) throw new DerError('has a length of an unknown form')
    start += digits
    if (bytes.length < start) throw new DerError('ends within a length')
    length = bytes.subarray(2, start).reduce((sum, byte) => sum * 256 + byte, 0)
  }
  const end = start + length
  if (end > bytes.length) throw new DerError('has an element that is longer than the bytes')
  return { tag, whole: bytes.subarray(0, end), content: bytes.subarray(start, end) }
}

/** The elements within an element of this tag. */
export function within(element: DerElement | undefined, tag: number, max = 64): DerElement[] {
  return readElements(expectTag(element, tag).content, max)
}

export function expectTag(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag)
    throw new DerError(
      `has ${element === undefined ? 'nothing' : `tag 0x${element.tag.toString(16)}`} where tag 0x${tag.toString(16)} is expected`,
    )
  return element
}

export const isOid = (element: DerElement | undefined, dotted: string): boolean =>
  element !== undefined && oid(dotted).equals(element.whole)

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const digits: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) digits.unshift(rest % 256)
  return Buffer.from([0x80 | digits.length, ...digits])
}

function base128(arc: number): number[] {
  const digits = [arc % 128]
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    digits.unshift(0x80 | (rest % 128))
  return digits
}
