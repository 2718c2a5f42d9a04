import { isPlainObject, isRawNumber } from '@skerry/base/json'
import { type Meter, charge, fault } from './fault.ts'
import type { Type } from './types.ts'

/**
 * Values while an expression is evaluated: int is bigint, double is number, a map is a Map, and an object
 * of a schema is turned field by field, as it is asked for.
 */
export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | readonly Value[]
  | ReadonlyMap<Value, Value>
  | Held

/** Values that JavaScript has no type for. */
export type Held = Uint | ObjectValue | Optional | Time | Span | Opaque

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

export class Optional {
  readonly value: Value | undefined
  constructor(value: Value | undefined) {
    this.value = value
  }
}

/** Nanoseconds since 1970. */
export class Time {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** Nanoseconds. */
export class Span {
  readonly ns: bigint
  constructor(ns: bigint) {
    this.ns = ns
  }
}

/** A value of the libraries: a quantity, an address. `text` is the same for equal ones. */
export class Opaque<T = unknown> {
  readonly kind: string
  readonly text: string
  readonly inner: T
  constructor(kind: string, text: string, inner: T) {
    this.kind = kind
    this.text = text
    this.inner = inner
  }
}

export class ObjectValue {
  readonly json: Readonly<Record<string, unknown>>
  readonly type: Extract<Type, { kind: 'object' }>
  readonly #turned = new Map<string, Value>()

  constructor(json: Readonly<Record<string, unknown>>, type: Extract<Type, { kind: 'object' }>) {
    this.json = json
    this.type = type
  }

  has(name: string): boolean {
    return Object.hasOwn(this.json, name) && this.json[name] !== undefined
  }

  get(name: string, type: Type, meter: Meter): Value {
    const known = this.#turned.get(name)
    if (known !== undefined) return known
    const value = valueOf(this.json[name], type, meter)
    this.#turned.set(name, value)
    return value
  }
}

/** Lists that are sets or maps are equal whatever their order. */
const unordered = new WeakMap<readonly Value[], readonly string[] | 'set'>()

/** JSON as a value of a type. */
export function valueOf(json: unknown, type: Type, meter: Meter): Value {
  if (json === null || json === undefined) return null
  if (typeof json === 'boolean') return json
  if (typeof json === 'string') return textValue(json, type)
  if (isRawNumber(json)) return BigInt(json.rawJSON)
  if (typeof json === 'number')
    return type.kind === 'double' || (type.kind === 'dyn' && !Number.isInteger(json))
      ? json
      : BigInt(Math.trunc(json))
  if (Array.isArray(json)) {
    charge(meter, json.length)
    const of: Type = type.kind === 'list' ? type.of : { kind: 'dyn' }
    const list = json.map((item) => valueOf(item, of, meter))
    if (type.kind === 'list' && type.listType === 'set') unordered.set(list, 'set')
    if (type.kind === 'list' && type.keys !== undefined) unordered.set(list, type.keys)
    return list
  }
  if (!isPlainObject(json)) throw fault('unsupported value')
  if (type.kind === 'object') return new ObjectValue(json, type)
  const of: Type = type.kind === 'map' ? type.of : { kind: 'dyn' }
  const names = Object.keys(json)
  charge(meter, names.length)
  return new Map(names.map((name) => [name, valueOf(json[name], of, meter)]))
}

function textValue(text: string, type: Type): Value {
  if (type.kind === 'timestamp') return parseTime(text)
  if (type.kind === 'duration') return parseSpan(text)
  return type.kind === 'bytes'
    ? Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
    : text
}

const timePattern =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt](\d{2}:\d{2}:\d{2})(?:\.(\d{1,9}))?([Zz]|[+-]\d{2}:\d{2}))?$/

export function parseTime(text: string): Time {
  const found = timePattern.exec(text)
  const [, day, clock = '00:00:00', fraction = '', zone = 'Z'] = found ?? []
  const ms = found === null ? Number.NaN : Date.parse(`${day}T${clock}${zone.toUpperCase()}`)
  if (Number.isNaN(ms)) throw fault(`invalid timestamp: ${JSON.stringify(text.slice(0, 40))}`)
  return new Time(BigInt(ms) * 1_000_000n + BigInt(fraction.padEnd(9, '0')))
}

const units: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3_600e9,
}
const spanPart = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/y

export function parseSpan(text: string): Span {
  const isNegative = text.startsWith('-')
  const body = text.replace(/^[-+]/, '')
  if (body === '0') return new Span(0n)
  let ns = 0
  let at = 0
  while (at < body.length && at < 100) {
    spanPart.lastIndex = at
    const found = spanPart.exec(body)
    if (found === null) break
    ns += Number(found[1]) * units[found[2]!]!
    at += found[0].length
  }
  if (body === '' || at < body.length)
    throw fault(`invalid duration: ${JSON.stringify(text.slice(0, 40))}`)
  return new Span(BigInt(Math.round(isNegative ? -ns : ns)))
}

/** Characters as CEL counts them: code points. */
export function sizeOf(text: string): number {
  let size = text.length
  for (let index = 0; index < text.length; index += 1)
    if ((text.charCodeAt(index) & 0xfc00) === 0xd800) size -= 1
  return size
}

export function equalValues(left: Value, right: Value, meter: Meter): boolean {
  charge(meter, 1)
  if (left === right) return true
  if (typeof left === 'string' && typeof right === 'string') return false
  if (typeof left === 'number' || typeof left === 'bigint' || left instanceof Uint)
    return isNumber(right) && isSame(numberOf(left), numberOf(right))
  if (Array.isArray(left))
    return Array.isArray(right) && equalLists(left as Value[], right as Value[], meter)
  if (left instanceof Map)
    return right instanceof Map && equalMaps(left, right as ReadonlyMap<Value, Value>, meter)
  if (left instanceof ObjectValue)
    return right instanceof ObjectValue && equalObjects(left, right, meter)
  if (left instanceof Optional && right instanceof Optional)
    return left.value === undefined || right.value === undefined
      ? left.value === right.value
      : equalValues(left.value, right.value, meter)
  if (left instanceof Time || left instanceof Span)
    return right?.constructor === left.constructor && (right as Time).ns === left.ns
  if (left instanceof Opaque)
    return right instanceof Opaque && left.kind === right.kind && left.text === right.text
  if (left instanceof Uint8Array && right instanceof Uint8Array)
    return left.length === right.length && left.every((byte, index) => byte === right[index])
  return false
}

/** Whole and real numbers are equal by what they are; nothing is equal to what is no number. */
const isSame = (left: bigint | number, right: bigint | number): boolean =>
  typeof left === typeof right ? left === right : Number(left) === Number(right)

export function isNumber(value: Value): value is bigint | number | Uint {
  return typeof value === 'bigint' || typeof value === 'number' || value instanceof Uint
}

export function numberOf(value: bigint | number | Uint): bigint | number {
  return value instanceof Uint ? value.value : value
}

function equalLists(left: readonly Value[], right: readonly Value[], meter: Meter): boolean {
  if (left.length !== right.length) return false
  const order = unordered.get(left) ?? unordered.get(right)
  if (order === undefined)
    return left.every((item, index) => equalValues(item, right[index]!, meter))
  return left.every((item) => right.some((other) => equalValues(item, other, meter)))
}

function equalMaps(
  left: ReadonlyMap<Value, Value>,
  right: ReadonlyMap<Value, Value>,
  meter: Meter,
): boolean {
  if (left.size !== right.size) return false
  for (const [key, value] of left) {
    const other = right.get(key)
    if (other === undefined || !equalValues(value, other, meter)) return false
  }
  return true
}

function equalObjects(left: ObjectValue, right: ObjectValue, meter: Meter): boolean {
  for (const { name, type } of left.type.fields.values()) {
    if (left.has(name) !== right.has(name)) return false
    if (
      left.has(name) &&
      !equalValues(left.get(name, type, meter), right.get(name, type, meter), meter)
    )
      return false
  }
  return true
}

/** The type that a value turns out to have. */
export function kindOf(value: Value): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return 'int'
  if (typeof value === 'number') return 'double'
  if (typeof value === 'string') return 'string'
  if (value instanceof Uint) return 'uint'
  if (value instanceof Uint8Array) return 'bytes'
  if (Array.isArray(value)) return 'list'
  if (value instanceof Map) return 'map'
  if (value instanceof Optional) return 'optional'
  if (value instanceof Time) return 'timestamp'
  if (value instanceof Span) return 'duration'
  return value instanceof Opaque ? value.kind : 'object'
}
