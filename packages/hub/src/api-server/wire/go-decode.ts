import { isPlainObject, isRawNumber, setKey } from '@skerry/base/json'
import { goJsonType } from '@skerry/api/go-text'
import type { Schema } from '@skerry/api/schema'
import { badRequest } from '@skerry/api/status'
import { decodeBase64, decodeTime } from './go-values.ts'

/** Where a value stands: the Go struct that holds it and the fields that lead there. */
type Place = { readonly struct: string; readonly path: readonly string[] }

/** Structs that are not named after what holds them. */
const structNames: Readonly<Record<string, string>> = {
  metadata: 'ObjectMeta',
  involvedObject: 'ObjectReference',
  regarding: 'ObjectReference',
  related: 'ObjectReference',
  ownerReferences: 'OwnerReference',
  managedFields: 'ManagedFieldsEntry',
  preconditions: 'Preconditions',
}

/**
 * A value as Go's structs of Kubernetes' own kinds hold it: null is what is not set, an empty map is no map,
 * base64 is one line, times are in UTC. What does not fit is refused in the words of Go's decoder, which
 * names the first such field. Pure.
 */
export function decodeStruct(schema: Schema, value: unknown, struct: string): unknown {
  return decode(schema, value, { struct, path: [] })
}

/** The same of `metadata` alone, which for users' kinds is decoded by itself. */
export function decodeMetadata(schema: Schema, value: unknown): unknown {
  if (!isPlainObject(value))
    throw badRequest(
      `json: cannot unmarshal ${goJsonType(value)} into Go value of type v1.ObjectMeta`,
    )
  return decode(schema, value, { struct: 'ObjectMeta', path: [] })
}

function decode(schema: Schema, value: unknown, place: Place): unknown {
  if (isOpen(schema)) return value
  switch (schema.type) {
    case 'object':
      return schema.properties === undefined
        ? decodeMap(schema, value, place)
        : decodeObject(schema, value, place)
    case 'array':
      if (!Array.isArray(value)) throw wrong(schema, value, place)
      return value.map((item: unknown) =>
        schema.items === undefined || item === null ? item : decode(schema.items, item, place),
      )
    case 'string':
      return decodeText(schema, value, place)
    case 'integer':
      if (!isIntegerOf(schema, value)) throw wrong(schema, value, place)
      return value
    case 'number':
      if (typeof value !== 'number' && !isRawNumber(value)) throw wrong(schema, value, place)
      return value
    case 'boolean':
      if (typeof value !== 'boolean') throw wrong(schema, value, place)
      return value
    case undefined:
    default:
      return value
  }
}

/** What is no struct in Go: whatever it holds. */
function isOpen(schema: Schema): boolean {
  return (
    schema.recursive !== undefined ||
    schema['x-kubernetes-int-or-string'] === true ||
    (schema['x-kubernetes-preserve-unknown-fields'] === true && schema.properties === undefined)
  )
}

function decodeObject(schema: Schema, value: unknown, place: Place): unknown {
  if (!isPlainObject(value)) throw wrong(schema, value, place)
  const struct = place.path.length === 0 ? place.struct : structOf(place)
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const properties = schema.properties!
    const memberSchema = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (memberSchema === undefined) setKey(result, name, member)
    else if (member === null || member === undefined) {
      if (memberSchema.nullable || isOpen(memberSchema)) result[name] = member ?? null
    } else {
      const decoded = decode(memberSchema, member, { struct, path: [...place.path, name] })
      if (!isEmpty(decoded) || schema.required?.includes(name)) result[name] = decoded
    }
  }
  return result
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0

function decodeMap(schema: Schema, value: unknown, place: Place): unknown {
  if (!isPlainObject(value)) throw wrong(schema, value, place)
  const members = schema.additionalProperties
  if (members === undefined) return value
  const result: Record<string, unknown> = {}
  for (const [key, member] of Object.entries(value))
    setKey(
      result,
      key,
      member === null && members.type === 'string' ? '' : decode(members, member, place),
    )
  return result
}

function decodeText(schema: Schema, value: unknown, place: Place): unknown {
  const isTime = schema.format === 'date-time' || schema.format === 'micro-time'
  if (typeof value !== 'string') {
    if (isTime)
      throw badRequest(`json: cannot unmarshal ${goJsonType(value)} into Go value of type string`)
    throw wrong(schema, value, place)
  }
  if (schema.format === 'byte') return decodeBase64(value)
  return isTime ? decodeTime(value, schema.format === 'micro-time') : value
}

function isIntegerOf({ format }: Schema, value: unknown): boolean {
  if (isRawNumber(value)) {
    const number = BigInt(value.rawJSON)
    return format !== 'int32' && number >= -(2n ** 63n) && number < 2n ** 63n
  }
  if (typeof value !== 'number' || !Number.isInteger(value)) return false
  return format !== 'int32' || (value >= -(2 ** 31) && value < 2 ** 31)
}

function wrong(schema: Schema, value: unknown, { struct, path }: Place): Error {
  const isNumber = schema.type === 'integer' && goJsonType(value) === 'number'
  const shown = isNumber ? `number ${JSON.stringify(value)}` : goJsonType(value)
  return badRequest(
    `json: cannot unmarshal ${shown} into Go struct field ${[struct, ...path].join('.')} of type ${goTypeName(schema, { struct, path })}`,
  )
}

/** The struct at a place: `LeaseSpec` for `spec` of a Lease. */
function structOf({ struct, path }: Place): string {
  const field = path.at(-1) ?? ''
  return structNames[field] ?? `${struct}${field.slice(0, 1).toUpperCase()}${field.slice(1)}`
}

function goTypeName(schema: Schema, place: Place): string {
  switch (schema.type) {
    case 'object':
      return schema.properties === undefined
        ? `map[string]${goTypeName(schema.additionalProperties ?? { type: 'string' }, place)}`
        : `v1.${structOf(place)}`
    case 'array':
      return `[]${goTypeName(schema.items ?? { type: 'string' }, place)}`
    case 'integer':
      return schema.format === 'int32' ? 'int32' : 'int64'
    case 'number':
      return 'float64'
    case 'boolean':
      return 'bool'
    case 'string':
    case undefined:
    default:
      return schema.format === 'byte' ? '[]uint8' : 'string'
  }
}
