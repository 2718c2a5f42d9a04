import { isPlainObject } from '@skerry/base/json'
import type { AnyKind } from '../kind.ts'
import type { Schema } from '../schema.ts'

type Members = Readonly<Record<string, unknown>>

/**
 * What a new object is compared with. Of Kubernetes' own kinds even an empty object has its inner structures
 * and what is written for a value that is not set; nobody owns those by making the object.
 */
export function emptyObject(kind: AnyKind, object: Members): Members {
  if (!kind.isBuiltIn) return {}
  const { metadata: _, ...body } = object
  const inner = Object.entries(kind.normalize?.({}) ?? {}).filter(
    ([, value]) => isPlainObject(value) && Object.keys(value).length === 0,
  )
  return { ...Object.fromEntries(inner), ...emptied(kind.schema, body) }
}

function emptied({ properties = {} }: Schema, object: Members): Members {
  const members = Object.entries(object).flatMap(([name, value]): [string, unknown][] => {
    const schema = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (value === null || value === '') return [[name, value]]
    const isInner = schema?.default !== undefined && isPlainObject(value)
    return isInner ? [[name, emptied(schema, value)]] : []
  })
  return Object.fromEntries(members)
}
