/** What a message holds, by field number. Only what stands here is read; the rest is skipped. */
export type Message = Readonly<Record<number, Field>>
export type Field = {
  readonly name: string
  /** How the value is read from the wire. */
  readonly type: 'string' | 'bytes' | 'integer' | 'boolean' | 'seconds' | 'microseconds' | Message
  readonly shape?: 'list' | 'map'
}

/** A length that reaches past the end, a wire type that is not used: not what it says it is. */
export class ProtobufError extends Error {}

type Cursor = { readonly bytes: Uint8Array; offset: number }
type WireValue = bigint | Uint8Array

/**
 * A message of protocol buffers as JSON. What is empty is left out, as Kubernetes' JSON leaves it out:
 * its encoder writes every field, set or not.
 */
export function readMessage(message: Message, bytes: Uint8Array): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [number, value] of wireFields(bytes)) {
    const field = Object.hasOwn(message, number) ? message[number] : undefined
    if (field === undefined) continue
    if (field.shape === 'map') addEntry(result, field, bytesOf(value))
    else if (field.shape === 'list') addItem(result, field, value)
    else setUnlessEmpty(result, field.name, readValue(field.type, value))
  }
  return result
}

function* wireFields(bytes: Uint8Array): Generator<[number, WireValue]> {
  const cursor: Cursor = { bytes, offset: 0 }
  while (cursor.offset < bytes.length) {
    const tag = readVarint(cursor)
    const number = Number(tag >> 3n)
    switch (Number(tag & 7n)) {
      case 0:
        yield [number, readVarint(cursor)]
        break
      case 1:
        readBytes(cursor, 8)
        break
      case 2:
        yield [number, readBytes(cursor, Number(readVarint(cursor)))]
        break
      case 5:
        readBytes(cursor, 4)
        break
      default:
        throw new ProtobufError('a field has an unknown wire type')
    }
  }
}

function readVarint(cursor: Cursor): bigint {
  let value = 0n
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = cursor.bytes[cursor.offset]
    if (byte === undefined) throw new ProtobufError('it ends within a number')
    cursor.offset += 1
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) return BigInt.asUintN(64, value)
  }
  throw new ProtobufError('a number is too long')
}

function readBytes(cursor: Cursor, count: number): Uint8Array {
  const end = cursor.offset + count
  if (end > cursor.bytes.length) throw new ProtobufError('it ends within a field')
  const part = cursor.bytes.subarray(cursor.offset, end)
  cursor.offset = end
  return part
}

function bytesOf(value: WireValue): Uint8Array {
  if (typeof value === 'bigint') throw new ProtobufError('a number stands where bytes belong')
  return value
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function readValue(type: Field['type'], value: WireValue): unknown {
  switch (type) {
    case 'string':
      return utf8.decode(bytesOf(value))
    case 'bytes':
      return Buffer.from(bytesOf(value)).toString('base64')
    case 'integer':
      return Number(BigInt.asIntN(64, numberOf(value)))
    case 'boolean':
      return numberOf(value) !== 0n
    case 'seconds':
      return readTime(bytesOf(value), 0)
    case 'microseconds':
      return readTime(bytesOf(value), 6)
    default:
      return readMessage(type, bytesOf(value))
  }
}

function numberOf(value: WireValue): bigint {
  if (typeof value !== 'bigint') throw new ProtobufError('bytes stand where a number belongs')
  return value
}

const timeMessage: Message = {
  1: { name: 'seconds', type: 'integer' },
  2: { name: 'nanos', type: 'integer' },
}

/** The last moment that a Date can hold, in seconds. */
const epochSecondsMax = 8_640_000_000_000

/** A time as RFC 3339; undefined if it is not set, which the encoder writes as no seconds. */
function readTime(bytes: Uint8Array, digits: number): string | undefined {
  const { seconds = 0, nanos = 0 } = readMessage(timeMessage, bytes) as Record<string, number>
  if (seconds === 0 && nanos === 0) return undefined
  if (Math.abs(seconds) > epochSecondsMax) throw new ProtobufError('a time is out of range')
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5)
  const fraction = digits === 0 ? '' : `.${String(nanos).padStart(9, '0').slice(0, digits)}`
  return `${whole}${fraction}Z`
}

function setUnlessEmpty(result: Record<string, unknown>, name: string, value: unknown): void {
  const isEmpty = value === undefined || value === '' || value === 0 || value === false
  const isEmptyObject = typeof value === 'object' && Object.keys(value ?? {}).length === 0
  if (!isEmpty && !isEmptyObject) result[name] = value
}

function addItem(result: Record<string, unknown>, field: Field, value: WireValue): void {
  const items = (result[field.name] ??= []) as unknown[]
  items.push(readValue(field.type, value))
}

function addEntry(result: Record<string, unknown>, field: Field, bytes: Uint8Array): void {
  const entry = readMessage(
    { 1: { name: 'key', type: 'string' }, 2: { name: 'value', type: field.type } },
    bytes,
  )
  const entries = (result[field.name] ??= {}) as object
  const { key = '', value = '' } = entry
  Object.defineProperty(entries, String(key), {
    value,
    enumerable: true,
    configurable: true,
    writable: true,
  })
}
