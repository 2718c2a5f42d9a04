import { isPlainObject } from '@skerry/base/json'
import type { Schema } from '../schema.ts'
import type { JsonSchemaProps } from './json-schema-props.ts'

/** Fields of a schema that are kept as they are. */
const plain = [
  'type',
  'description',
  'title',
  'required',
  'enum',
  'default',
  'format',
  'pattern',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'minProperties',
  'maxProperties',
  'nullable',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-map-type',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-validations',
] as const

const anything: Schema = {}

/** A user's schema as the schemas that the hub works with. It has passed its own validation. */
export function schemaOfProps(props: JsonSchemaProps): Schema {
  const kept = Object.fromEntries(
    plain
      .filter((name) => props[name as keyof JsonSchemaProps] !== undefined)
      .map((name) => [name, props[name as keyof JsonSchemaProps]]),
  )
  const { properties, items, additionalProperties, allOf, anyOf, oneOf, not } = props
  const many = { allOf, anyOf, oneOf }
  return {
    ...kept,
    ...Object.fromEntries(
      Object.entries(many).flatMap(([name, list]) =>
        list === undefined ? [] : [[name, list.map(schemaOfProps)]],
      ),
    ),
    ...(not === undefined ? {} : { not: schemaOfProps(not) }),
    ...(isPlainObject(items) ? { items: schemaOfProps(items as JsonSchemaProps) } : {}),
    ...(properties === undefined ? {} : { properties: mapProperties(properties) }),
    ...additional(additionalProperties),
  } as Schema
}

function mapProperties(
  properties: Readonly<Record<string, JsonSchemaProps>>,
): Record<string, Schema> {
  return Object.fromEntries(
    Object.entries(properties).map(([name, member]) => [name, schemaOfProps(member)]),
  )
}

function additional(given: JsonSchemaProps | boolean | undefined): {
  additionalProperties?: Schema
} {
  if (given === undefined || given === false) return {}
  return { additionalProperties: given === true ? anything : schemaOfProps(given) }
}
