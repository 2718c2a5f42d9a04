import { cloneJson, isPlainObject, setKey } from '@skerry/base/json'
import type { Schema } from './schema.ts'
import { ownSchema } from './schema-validate.ts'

/**
 * A copy in which every absent field that has a default carries it. Null where null may not be says
 * that a field is not set: it takes the default or goes.
 */
export function applyDefaults(schema: Schema, value: unknown): unknown {
  if (schema.recursive !== undefined) return value
  if (Array.isArray(value) && schema.items !== undefined) {
    const items = schema.items
    return value.map((item) => applyDefaults(items, item))
  }
  if (!isPlainObject(value)) return value
  const result: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    const memberSchema = ownSchema(schema, name)
    if (memberSchema === undefined) setKey(result, name, member)
    else if (member !== null || memberSchema.nullable === true || isOpen(memberSchema))
      setKey(result, name, applyDefaults(memberSchema, member))
  }
  for (const [name, memberSchema] of Object.entries(schema.properties ?? {}))
    if (memberSchema.default !== undefined && !Object.hasOwn(result, name))
      setKey(result, name, applyDefaults(memberSchema, cloneJson(memberSchema.default)))
  return result
}

/** Whatever may stand there. */
function isOpen(schema: Schema): boolean {
  return schema.type === undefined && schema['x-kubernetes-preserve-unknown-fields'] === true
}
