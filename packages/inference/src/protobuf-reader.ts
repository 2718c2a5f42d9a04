/** One field of a protocol buffers message: its number, and its value by wire type. */
export type Field =
  | { readonly number: number; readonly wire: 'varint'; readonly value: number }
  | { readonly number: number; readonly wire: 'bytes'; readonly bytes: Uint8Array }
  | { readonly number: number; readonly wire: 'fixed' }

/** Where a message stops making sense. */
export type ProtobufProblem = { readonly at: number; readonly problem: string }

type Cursor = { readonly bytes: Uint8Array; at: number }

/** The fields of a message, in order, or where it stops being one. Nothing is copied. */
export function readFields(bytes: Uint8Array): Field[] | ProtobufProblem {
  const cursor: Cursor = { bytes, at: 0 }
  const fields: Field[] = []
  while (cursor.at < bytes.length) {
    const at = cursor.at
    const field = readField(cursor)
    if (typeof field === 'string') return { at, problem: field }
    fields.push(field)
  }
  return fields
}

function readField(cursor: Cursor): Field | string {
  const tag = readVarint(cursor)
  if (tag === undefined) return 'ends within a tag'
  const number = Math.floor(tag / 8)
  if (number === 0 || number > 2 ** 29 - 1) return `has no field ${number}`
  switch (tag % 8) {
    case 0: {
      const value = readVarint(cursor)
      return value === undefined ? 'ends within a number' : { number, wire: 'varint', value }
    }
    case 1:
      return skip(cursor, 8, number)
    case 2: {
      const length = readVarint(cursor)
      if (length === undefined) return 'ends within a length'
      const start = cursor.at
      if (length < 0 || start + length > cursor.bytes.length)
        return `ends early: a field of ${length} bytes has ${cursor.bytes.length - start}`
      cursor.at = start + length
      return { number, wire: 'bytes', bytes: cursor.bytes.subarray(start, cursor.at) }
    }
    case 5:
      return skip(cursor, 4, number)
    default:
      return `has wire type ${tag % 8}`
  }
}

function skip(cursor: Cursor, count: number, number: number): Field | string {
  if (cursor.at + count > cursor.bytes.length) return 'ends within a number'
  cursor.at += count
  return { number, wire: 'fixed' }
}

/** A 64-bit number as a double: exact below 2^53, which is all that is looked at here. */
function readVarint(cursor: Cursor): number | undefined {
  let value = 0
  for (let index = 0; index < 10; index += 1) {
    const byte = cursor.bytes[cursor.at]
    if (byte === undefined) return undefined
    cursor.at += 1
    value += (byte & 0x7f) * 2 ** (7 * index)
    if (byte < 0x80) return value >= 2 ** 63 ? value - 2 ** 64 : value
  }
  return undefined
}
