import { isPlainObject, setKey } from '@skerry/base/json'
import { objectMetaSchema } from './object.ts'
import type { Schema } from './schema.ts'
import { join, ownSchema } from './schema-validate.ts'

export type Pruned = { readonly value: unknown; readonly unknownFields: string[] }

/** A copy without the fields that the schema does not know, and the paths of those. */
export function pruneUnknown(schema: Schema, value: unknown, path: string): Pruned {
  const unknownFields: string[] = []
  return { value: prune(schema, value, path, unknownFields), unknownFields }
}

function prune(schema: Schema, value: unknown, path: string, unknownFields: string[]): unknown {
  if (schema.recursive !== undefined) return prune(schema.recursive(), value, path, unknownFields)
  if (Array.isArray(value)) {
    const isOther =
      schema.properties !== undefined || schema['x-kubernetes-preserve-unknown-fields']
    if (schema.items === undefined && isOther) return value
    const items = schema.items ?? {}
    return value.map((item, index) => prune(items, item, `${path}[${index}]`, unknownFields))
  }
  if (!isPlainObject(value)) return value
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
  const hasMembers = schema.properties !== undefined || schema.additionalProperties !== undefined
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  if (isOpen && !hasMembers && !isEmbedded) return value
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const memberSchema = (isEmbedded ? embeddedFields[name] : undefined) ?? ownSchema(schema, name)
    if (memberSchema !== undefined)
      setKey(result, name, prune(memberSchema, member, join(path, name), unknownFields))
    else if (isOpen) setKey(result, name, member)
    else unknownFields.push(join(path, name))
  }
  return result
}

/** What every object has, a guest in another object too. */
const embeddedFields: Readonly<Partial<Record<string, Schema>>> = Object.assign(
  Object.create(null) as object,
  {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: objectMetaSchema,
  } as const,
)
