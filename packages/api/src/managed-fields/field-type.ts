import { isRawNumber } from '@skerry/base/json'
import type { AnyKind } from '../kind.ts'
import { objectMetaSchema } from '../object.ts'
import { type Schema, string } from '../schema.ts'

/** What a schema says about who may own what: which values are whole, and what tells items apart. */
export type FieldType = {
  readonly map?: MapType
  readonly list?: ListType
  readonly scalar?: ScalarType
}

export type MapType = {
  /** The fields that the schema names. */
  readonly fields: ReadonlyMap<string, FieldType>
  /** What all other keys have; absent: there are none. */
  readonly rest?: FieldType
  readonly isAtomic: boolean
}

export type ListType = {
  readonly items: FieldType
  readonly relation: 'atomic' | 'set' | 'map'
  /** By name: the fields that tell items apart. */
  readonly keys: readonly string[]
  /** What a key is when the item does not say it. */
  readonly keyDefaults: ReadonlyMap<string, unknown>
}

export type ScalarType = 'string' | 'numeric' | 'boolean' | 'untyped'

/** Nothing is known: lists and maps are whole. */
const untypedAtomic: { -readonly [Key in keyof FieldType]: FieldType[Key] } = { scalar: 'untyped' }
untypedAtomic.list = { items: untypedAtomic, relation: 'atomic', keys: [], keyDefaults: new Map() }
untypedAtomic.map = { fields: new Map(), rest: untypedAtomic, isAtomic: true }

/** Nothing is known: lists are whole, maps are owned key by key. */
const deduced: { -readonly [Key in keyof FieldType]: FieldType[Key] } = {
  scalar: 'untyped',
  list: untypedAtomic.list,
}
deduced.map = { fields: new Map(), rest: deduced, isAtomic: false }

export const deducedType: FieldType = deduced

const types = new WeakMap<AnyKind, FieldType>()

/** The type of a kind's objects. */
export function fieldTypeOf(kind: AnyKind): FieldType {
  const known = types.get(kind)
  if (known !== undefined) return known
  const { properties = {} } = kind.schema
  const type = typeOfSchema({
    ...kind.schema,
    type: 'object',
    properties: {
      ...properties,
      apiVersion: string('API version.'),
      kind: string('Kind.'),
      metadata: metadataSchema,
    },
  })
  types.set(kind, type)
  return type
}

const metaProperties = objectMetaSchema.properties!

/** What Kubernetes says about the lists of metadata beyond our own schema. */
const metadataSchema: Schema = {
  ...objectMetaSchema,
  properties: {
    ...metaProperties,
    finalizers: { ...metaProperties['finalizers'], 'x-kubernetes-list-type': 'set' },
    ownerReferences: {
      ...metaProperties['ownerReferences'],
      items: { ...metaProperties['ownerReferences']?.items, 'x-kubernetes-map-type': 'atomic' },
    },
  },
}

/** `isOpen`: an ancestor keeps fields that no schema knows. */
export function typeOfSchema(schema: Schema, isOpen = false): FieldType {
  const open = isOpen || schema['x-kubernetes-preserve-unknown-fields'] === true
  switch (schema['x-kubernetes-int-or-string'] ? undefined : schema.type) {
    case undefined:
      return { scalar: 'untyped', list: listType(schema, open), map: mapType(schema, open) }
    case 'object':
      return { map: mapType(schema, open) }
    case 'array':
      return { list: listType(schema, open) }
    case 'integer':
    case 'number':
      return { scalar: 'numeric' }
    case 'boolean':
      return { scalar: 'boolean' }
    case 'string':
      return { scalar: [undefined, 'byte'].includes(schema.format) ? 'string' : 'untyped' }
  }
}

function mapType(schema: Schema, isOpen: boolean): MapType {
  const properties = Object.entries(withEmbeddedFields(schema))
  const rest =
    schema.additionalProperties === undefined
      ? isOpen || properties.length === 0
        ? deducedType
        : undefined
      : typeOfSchema(schema.additionalProperties, isOpen)
  return {
    fields: new Map(properties.map(([name, member]) => [name, typeOfSchema(member, isOpen)])),
    ...(rest === undefined ? {} : { rest }),
    isAtomic: schema['x-kubernetes-map-type'] === 'atomic',
  }
}

function withEmbeddedFields(schema: Schema): Readonly<Record<string, Schema>> {
  const { properties = {} } = schema
  return schema['x-kubernetes-embedded-resource']
    ? {
        ...properties,
        apiVersion: string('API version.'),
        kind: string('Kind.'),
        metadata: metadataSchema,
      }
    : properties
}

function listType(schema: Schema, isOpen: boolean): ListType {
  const relation = schema['x-kubernetes-list-type'] ?? 'atomic'
  const keys = relation === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []).toSorted() : []
  const { properties = {} } = schema.items ?? {}
  const defaults = keys
    .map((key) => [key, properties[key]?.default] as const)
    .filter(([, value]) => value !== undefined)
  return {
    items: schema.items === undefined ? untypedAtomic : typeOfSchema(schema.items, isOpen),
    relation,
    keys,
    keyDefaults: new Map(defaults),
  }
}

/** How a value is looked at. */
export type Shape = 'map' | 'list' | 'scalar'

/** The shape that a value has and its type allows; undefined: any that the type allows, as for null. */
export function shapeOf(type: FieldType, value: unknown): Shape | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value !== 'object' || isRawNumber(value))
    return type.scalar === undefined ? undefined : 'scalar'
  if (Array.isArray(value)) return type.list === undefined ? undefined : 'list'
  return type.map === undefined ? undefined : 'map'
}

/** The shape under which a value of no certain shape is looked at. */
export function firstShape(type: FieldType): Shape {
  if (type.map !== undefined) return 'map'
  return type.scalar === undefined ? 'list' : 'scalar'
}

/** Whether values of this type have but one shape. */
export function hasOneShape(type: FieldType): boolean {
  const { map, list, scalar } = type
  return [map, list, scalar].filter((shape) => shape !== undefined).length === 1
}

/** The type of a map's member. */
export const memberType = (map: MapType, name: string): FieldType =>
  map.fields.get(name) ?? map.rest ?? deducedType
