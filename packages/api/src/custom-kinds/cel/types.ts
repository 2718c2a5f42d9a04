import type { Schema } from '../../schema.ts'

/** What an expression may be. */
export type Type =
  | { readonly kind: Plain }
  | {
      readonly kind: 'list'
      readonly of: Type
      readonly listType?: string | undefined
      readonly keys?: readonly string[] | undefined
    }
  | { readonly kind: 'map'; readonly key: Type; readonly of: Type }
  | { readonly kind: 'object'; readonly name: string; readonly fields: ReadonlyMap<string, Field> }
  | { readonly kind: 'optional'; readonly of: Type }

export type Field = {
  /** As the object has it; expressions name it escaped. */
  readonly name: string
  readonly type: Type
}

type Plain =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | 'timestamp'
  | 'duration'
  | 'quantity'
  | 'ip'
  | 'cidr'
  | 'url'
  | 'format'

const plain = <K extends Plain>(kind: K): { readonly kind: K } => ({ kind })

export const bool = plain('bool')
export const int = plain('int')
export const uint = plain('uint')
export const double = plain('double')
export const string = plain('string')
export const bytes = plain('bytes')
export const nullType = plain('null')
export const dyn = plain('dyn')
export const timestamp = plain('timestamp')
export const duration = plain('duration')
export const quantity = plain('quantity')
export const ip = plain('ip')
export const cidr = plain('cidr')
export const url = plain('url')
export const format = plain('format')
export const listOf = (of: Type): Type => ({ kind: 'list', of })
export const mapOf = (key: Type, of: Type): Type => ({ kind: 'map', key, of })
export const optionalOf = (of: Type): Type => ({ kind: 'optional', of })

/** The name of a type in messages. */
export function typeText(type: Type): string {
  if (type.kind === 'list') return `list(${typeText(type.of)})`
  if (type.kind === 'map') return `map(${typeText(type.key)}, ${typeText(type.of)})`
  if (type.kind === 'optional') return `optional_type(${typeText(type.of)})`
  return type.kind === 'object' ? type.name : type.kind
}

/** Whether a value of one type may stand where another is wanted. */
export function fits(given: Type, wanted: Type): boolean {
  if (given.kind === 'dyn' || wanted.kind === 'dyn') return true
  if (given.kind === 'list' && wanted.kind === 'list') return fits(given.of, wanted.of)
  if (given.kind === 'map' && wanted.kind === 'map')
    return fits(given.key, wanted.key) && fits(given.of, wanted.of)
  if (given.kind === 'optional' && wanted.kind === 'optional') return fits(given.of, wanted.of)
  if (given.kind === 'object' && wanted.kind === 'object') return given.fields === wanted.fields
  return given.kind === wanted.kind
}

const reserved: ReadonlySet<string> = new Set(
  `true false null in as break const continue else for function if import let loop package namespace
   return var void while`.split(/\s+/),
)

/** How an expression names a field; undefined if it cannot. */
export function escapedName(name: string): string | undefined {
  if (reserved.has(name)) return `__${name}__`
  if (!/^[a-zA-Z_.\-/][a-zA-Z0-9_.\-/]*$/.test(name)) return undefined
  return name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__')
}

const known = new WeakMap<Schema, Type>()

/** The type of the values that a schema describes; undefined where it describes none. */
export function typeOfSchema(schema: Schema, isObject = false): Type | undefined {
  const before = known.get(schema)
  if (before !== undefined) return before
  const type = makeType(schema, isObject)
  if (type !== undefined) known.set(schema, type)
  return type
}

function makeType(schema: Schema, isObject: boolean): Type | undefined {
  if (schema['x-kubernetes-int-or-string']) return dyn
  switch (schema.type) {
    case 'boolean':
      return bool
    case 'integer':
      return int
    case 'number':
      return double
    case 'string':
      return typeOfFormat(schema.format)
    case 'array': {
      const of = schema.items && typeOfSchema(schema.items)
      if (of === undefined) return undefined
      return {
        kind: 'list',
        of,
        listType: schema['x-kubernetes-list-type'],
        keys: schema['x-kubernetes-list-map-keys'],
      }
    }
    case 'object':
      return objectType(schema, isObject)
    case undefined:
      break
  }
  return undefined
}

function typeOfFormat(name: string | undefined): Type {
  if (name === 'date-time' || name === 'date') return timestamp
  if (name === 'duration') return duration
  return name === 'byte' ? bytes : string
}

function objectType(schema: Schema, isObject: boolean): Type | undefined {
  if (schema.additionalProperties !== undefined) {
    const of = typeOfSchema(schema.additionalProperties)
    return of && mapOf(string, of)
  }
  const fields = new Map<string, Field>()
  const add = (name: string, type: Type | undefined): void => {
    const escaped = escapedName(name)
    if (escaped !== undefined && type !== undefined) fields.set(escaped, { name, type })
  }
  for (const [name, member] of Object.entries(schema.properties ?? {}))
    add(name, typeOfSchema(member))
  if (isObject || schema['x-kubernetes-embedded-resource']) {
    add('apiVersion', string)
    add('kind', string)
    add('metadata', metadataType)
  }
  return { kind: 'object', name: 'object', fields }
}

const metadataType: Type = {
  kind: 'object',
  name: 'metadata',
  fields: new Map([
    ['name', { name: 'name', type: string }],
    ['generateName', { name: 'generateName', type: string }],
  ]),
}
